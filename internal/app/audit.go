package app

import (
	"nks/audit"
	"nks/conf"
	"nks/gateway/postgres/sequence"
)

// Keeping is what a configuration keeps of the log outside the database.
func Keeping(c conf.Config) sequence.Keeping {
	return sequence.Keeping{Key: c.Audit.Key, Former: c.Audit.FormerKeys, File: audit.File{Path: c.Audit.Checkpoints}}
}

// AuditLog reads the log of a configuration.
func AuditLog(c conf.Config, db *Database) sequence.Log {
	return sequence.Log{DB: db.pool, Keeping: Keeping(c)}
}
