package jetstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrDirectory is a directory of queues that another server has made. Nothing in it was touched.
var ErrDirectory = errors.New("directory of another broker")

// marker is the file in a directory of queues that says whose it is: the server deletes what it finds and did not make as what it is now.
const marker = "broker.json"

// owner is what stands in it; empty: a broker that stands alone.
type owner struct {
	Cluster string `json:"cluster,omitempty"`
	Member  string `json:"member,omitempty"`
}

func (o owner) String() string {
	if o.Cluster == "" {
		return "a broker that stands alone"
	}
	return fmt.Sprintf("member %q of cluster %q", o.Member, o.Cluster)
}

// claim marks a directory as a server's, and refuses one that is another's; made is whether there was nothing. One that holds queues without a mark is
// of a broker that stands alone.
func claim(dir string, c *Cluster) (made bool, err error) {
	var we owner
	if c != nil {
		we = owner{c.Name, c.Member}
	}
	path := filepath.Join(dir, marker)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(filepath.Join(dir, storeDir))
		if err == nil && c != nil {
			return false, fmt.Errorf("%w: %s is of %v, not of %v", ErrDirectory, dir, owner{}, we)
		}
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return err != nil, mark(path, we)
		}
	}
	if err != nil {
		return false, err
	}
	var is owner
	if err := json.Unmarshal(text, &is); err != nil {
		return false, fmt.Errorf("%w: %s: %w", ErrDirectory, path, err)
	}
	if is != we {
		return false, fmt.Errorf("%w: %s is of %v, not of %v", ErrDirectory, dir, is, we)
	}
	return false, nil
}

// mark writes who a directory is of, whole or not at all.
func mark(path string, o owner) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, marker+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
