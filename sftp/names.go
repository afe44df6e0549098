package sftp

import (
	"regexp"
	"strings"
)

const (
	finalSuffix   = ".xml"
	maxStem       = 100
	maxTemporary  = 160
	maxOut        = 160
	maxPartyLogin = 35
)

// temporarySuffixes are what clients put behind a name while they upload: plain
// scripts, curl and browsers, WinSCP, and others in that order.
var temporarySuffixes = []string{".tmp", ".part", ".filepart", ".uploading"}

// FinalName reports whether name is one under which a delivery is taken:
// 1 to 100 characters of A-Z a-z 0-9 . _ ~ - that do not begin with a dot, and
// ".xml". Case is kept and counts.
func FinalName(name string) bool {
	stem, ok := strings.CutSuffix(name, finalSuffix)
	return ok && plain(stem, maxStem) && stem[0] != '.'
}

// TemporaryName reports whether name is one under which an upload is only staged,
// to become a delivery by a rename: it begins with a dot, or ends in .tmp, .part,
// .filepart or .uploading.
func TemporaryName(name string) bool {
	if !plain(name, maxTemporary) || strings.Trim(name, ".") == "" {
		return false
	}
	if name[0] == '.' {
		return true
	}
	for _, s := range temporarySuffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// OutName reports whether name can be that of a document in out/.
func OutName(name string) bool {
	return plain(name, maxOut) && name[0] != '.'
}

// PartyName reports whether name can be a party's login: 1 to 35 characters of
// A-Z a-z 0-9 . _ -.
func PartyName(name string) bool {
	return plain(name, maxPartyLogin) && !strings.Contains(name, "~")
}

func plain(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '_', c == '~', c == '-':
		default:
			return false
		}
	}
	return true
}

// cprLike finds what could be a CPR number in a file name: a day, a month, two
// digits of a year and four more, standing alone.
var cprLike = regexp.MustCompile(`(^|\D)((?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d)-?\d{4}(\D|$)`)

// loggable makes a name fit for a log: parties choose names, and some put a
// person's number into them; control characters would forge log lines.
func loggable(name string) string {
	const most = 200
	if len(name) > most {
		name = name[:most] + "…"
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(name, "?"))
	// Twice, because two numbers may share the character between them.
	for range 2 {
		name = cprLike.ReplaceAllString(name, "${1}${2}-xxxx${3}")
	}
	return name
}

// place splits a cleaned absolute path into folder and name. The root has
// neither, a folder has no name; ok is false for everything else than /, /in,
// /out and what lies directly in them.
func place(path string) (dir, name string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return "", "", false
	}
	if rest == "" {
		return "", "", true
	}
	dir, name, nested := strings.Cut(rest, "/")
	if dir != DirIn && dir != DirOut {
		return "", "", false
	}
	if nested && (name == "" || strings.Contains(name, "/")) {
		return "", "", false
	}
	return dir, name, true
}
