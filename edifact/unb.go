package edifact

import "strconv"

// parseUNB reads the header of an interchange and sets up repertoire and
// repetition separator.
func (r *Reader) parseUNB(s *Segment) error {
	u := &r.header
	u.Version = 3
	version := s.Component(0, 1)
	if len(version) == 1 && version[0] >= '1' && version[0] <= '4' {
		u.Version = int(version[0] - '0')
	} else if len(version) > 0 { // as a mandatory component it is told with the others
		if err := r.flaw(r.at(2, 2, RuleSyntax, CodeSyntaxNotSupported, "syntax version must be one of 1 to 4")); err != nil {
			return err
		}
	}
	set, known := ParseRepertoire(string(s.Component(0, 0)))
	if !known && len(s.Component(0, 0)) > 0 {
		e := r.at(2, 1, RuleSyntax, CodeSyntaxNotSupported, "repertoire must be one of UNOA to UNOL, UNOW, UNOX, UNOY")
		if err := r.flaw(e, WrongRepertoire); err != nil {
			return err
		}
	}
	if last := lastRepertoire[u.Version]; set > last {
		e := r.at(2, 1, RuleSyntax, CodeSyntaxNotSupported, set.String()+" is no repertoire of syntax version "+strconv.Itoa(u.Version))
		if err := r.flaw(e, LaterRepertoire); err != nil {
			return err
		}
	}
	u.Repertoire = set
	if r.o.Repertoire != 0 {
		set = r.o.Repertoire
	}
	if err := r.setRepertoire(set); err != nil {
		return err
	}
	text := s.Text
	u.ServiceList, u.Encoding, u.SyntaxRelease = text(0, 2), text(0, 3), text(0, 4)
	u.Sender = Party{text(1, 0), text(1, 1), text(1, 2), text(1, 3)}
	u.Recipient = Party{text(2, 0), text(2, 1), text(2, 2), text(2, 3)}
	u.Date, u.Time, u.ControlRef = text(3, 0), text(3, 1), text(4, 0)
	u.Password, u.PasswordQualifier = text(5, 0), text(5, 1)
	u.ApplicationRef, u.Priority, u.AckRequest = text(6, 0), text(7, 0), text(8, 0) == "1"
	u.Agreement, u.TestIndicator = text(9, 0), text(10, 0)
	if err := r.checkCharacters(); err != nil {
		return err
	}
	return r.checkService()
}

// lastRepertoire is the last one, in the order of their names, that a syntax
// version has (0001).
var lastRepertoire = [5]Repertoire{1: UNOB, 2: UNOB, 3: UNOF, 4: UNOY}

// setRepertoire makes set the repertoire of the segments that follow; none
// stands for UNOC.
func (r *Reader) setRepertoire(set Repertoire) error {
	if set == 0 {
		set = UNOC
	}
	r.repertoire = set
	r.seg.text = textDecoder{set, r.o.Lenient&WrongRepertoire != 0}
	if r.header.Version == 4 {
		if !r.advised {
			r.marks.Repetition = defaultRepetition
		}
		if r.marks.Repetition != 0 && !r.marks.repeats() {
			e := r.fault(RuleUNA, CodeBadServiceCharacter, "service string advice UNA has an unusable repetition separator")
			e.Tag, e.Offset = "UNA", r.adviceAt
			r.marks.Repetition = 0
			if err := r.flaw(e); err != nil {
				return err
			}
		}
	} else {
		r.marks.Repetition = 0
		// Version 4 has recipients ignore it.
		if r.advised && !r.marks.counts() && !r.miscounts {
			r.miscounts = true
			e := r.fault(RuleUNA, CodeBadServiceCharacter, "decimal mark of the service string advice UNA is neither comma nor point")
			e.Tag, e.Offset = "UNA", r.adviceAt
			if err := r.flaw(e); err != nil {
				return err
			}
		}
	}
	bytes := set.Bytes()
	r.classify(&bytes, set.MultiByte())
	return nil
}

// textDecoder makes Go strings of values.
type textDecoder struct {
	repertoire Repertoire
	forgiving  bool // values may be in another repertoire than they should be
}

// strict returns a value that is well, or in another encoding that is forgiven.
func (d textDecoder) strict(b []byte) (string, error) {
	if d.forgiving {
		return d.repertoire.DecodeAs(d.repertoire.Detect(b), b)
	}
	return d.repertoire.Decode(b)
}

func (d textDecoder) decode(b []byte) string {
	if text, err := d.strict(b); err == nil {
		return text
	}
	return d.repertoire.DecodeLossy(b)
}
