package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"nks/gateway"
	"nks/gateway/view"
)

// Checker judges a bundle without keeping anything of it.
type Checker interface {
	// Check reads the document to its end. An empty supplier stands for the one that the document names. What is wrong
	// with the document is in the report; an error is a fault of ours.
	Check(ctx context.Context, supplier string, document io.Reader) (CheckReport, error)
}

// CheckReport is what would become of a bundle.
type CheckReport struct {
	Receipt  string // ACPT, RJCT; 0: the document cannot be read
	Accepted int64
	Rejected int64
	Ore      int64        // of the accepted
	Errors   []CheckError // at least the first MostCheckErrors
	All      int          // how many errors there are, when Errors are not all
}

// CheckError is one thing that is wrong.
type CheckError struct {
	Line       int
	Path       string
	EndToEndID string
	Code       string
	Text       string
}

const (
	// MostCheckErrors is how many errors a page lists.
	MostCheckErrors = 500
	uploadTime      = 5 * time.Minute
	nameLimit       = 256
)

// checkView is the form and, after it, the report.
type checkView struct {
	Done     bool
	Name     string
	Size     int64
	Took     time.Duration
	Report   CheckReport
	More     int // errors that are not listed
	NoFile   bool
	MostSize int64
}

func (s *Console) checkPage(w http.ResponseWriter, r *http.Request) error {
	if s.Checker == nil {
		return gateway.ErrNotFound
	}
	return s.render(w, r, http.StatusOK, "check", "check.title", 0, &checkView{MostSize: s.UploadBytes})
}

// checkUpload streams the file of a form into the checker: it is never stored, neither in memory nor on disk.
func (s *Console) checkUpload(w http.ResponseWriter, r *http.Request) error {
	if s.Checker == nil {
		return gateway.ErrNotFound
	}
	began := time.Now()
	patience := http.NewResponseController(w)
	if err := errors.Join(patience.SetReadDeadline(began.Add(uploadTime)), patience.SetWriteDeadline(began.Add(uploadTime+pageTime))); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	r.Body = http.MaxBytesReader(w, r.Body, s.UploadBytes+mostForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return errBadForm
	}
	v := &checkView{Done: true, MostSize: s.UploadBytes}
	file, err := filePart(parts)
	if err != nil {
		return err
	}
	if file == nil {
		v.NoFile, v.Done = true, false
		return s.render(w, r, http.StatusOK, "check", "check.title", 0, v)
	}
	counted := &counter{r: file}
	if v.Report, err = s.Checker.Check(r.Context(), "", counted); err != nil {
		if counted.err != nil {
			return counted.err // the upload broke off, or is too large
		}
		return fmt.Errorf("check: %w", err)
	}
	if counted.err != nil && !errors.Is(counted.err, io.EOF) {
		return counted.err
	}
	v.Name, v.Size, v.Took = cut(nameLimit, file.FileName()), counted.n, time.Since(began).Round(10*time.Millisecond)
	for i := range v.Report.Errors {
		e := &v.Report.Errors[i]
		if languageOf(r) == English && e.Text == gateway.Code(e.Code).Danish() {
			e.Text = english(e.Code) // the answer itself stays Danish
		}
		e.EndToEndID, e.Text = view.Mask(e.EndToEndID), view.Mask(e.Text)
	}
	if n := len(v.Report.Errors); n > MostCheckErrors {
		v.Report.All, v.Report.Errors = max(n, v.Report.All), v.Report.Errors[:MostCheckErrors]
	}
	v.More = max(0, v.Report.All-len(v.Report.Errors))
	return s.render(w, r, http.StatusOK, "check", "check.title", 0, v)
}

// filePart goes to the form's file; nil when none was chosen.
func filePart(parts *multipart.Reader) (*multipart.Part, error) {
	for range 10 {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, errBadForm
		}
		if p.FormName() == "file" {
			if strings.TrimSpace(p.FileName()) == "" {
				return nil, nil
			}
			return p, nil
		}
	}
	return nil, errBadForm
}

// counter counts what is read, and remembers how reading ended.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil {
		c.err = err
	}
	return n, err
}
