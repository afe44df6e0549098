package schema

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// ErrOther says that a migration was done with another text than this program's: the tables are not those that it expects.
var ErrOther = errors.New("is not the one that this database was made with")

// store keeps with each migration done the digest of its text, in the same transaction: the number alone does not show
// that a file was written anew after the database was made.
type store struct {
	database.StoreExtender
}

func newStore() (store, error) {
	kept, err := database.NewStore(goose.DialectPostgres, versions)
	if err != nil {
		return store{}, err
	}
	extended, ok := kept.(database.StoreExtender)
	if !ok {
		return store{}, fmt.Errorf("goose's store %T cannot tell whether its table is there", kept)
	}
	return store{extended}, nil
}

func (s store) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	if err := s.StoreExtender.CreateVersionTable(ctx, db); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, "ALTER TABLE "+versions+" ADD COLUMN digest text")
	return err
}

func (s store) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	if err := s.StoreExtender.Insert(ctx, db, req); err != nil {
		return err
	}
	all, err := digests()
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "UPDATE "+versions+" SET digest = nullif($1, '') WHERE version_id = $2", all[req.Version], req.Version)
	return err
}

// digests are those of this program's migrations, by number.
func digests() (map[int64]string, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	all := map[int64]string{}
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, err
		}
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		all[version] = hex.EncodeToString(sum[:])
	}
	return all, nil
}

// checkDigests refuses a database that was made with other texts, or before digests were kept.
func checkDigests(ctx context.Context, db *sql.DB) (err error) {
	all, err := digests()
	if err != nil {
		return err
	}
	// A table of before has no such column, which a row as JSON does not mind.
	rows, err := db.QueryContext(ctx, `SELECT version_id, coalesce(to_jsonb(m) ->> 'digest', '') FROM `+versions+` m
		WHERE is_applied AND version_id > 0 ORDER BY version_id`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var version int64
		var digest string
		if err := rows.Scan(&version, &digest); err != nil {
			return err
		}
		if digest != all[version] {
			return fmt.Errorf("migration %04d %w", version, ErrOther)
		}
	}
	return rows.Err()
}
