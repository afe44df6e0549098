// Package banking01b is package banking for the directory D.01B: the same types
// and functions, with the segments, groups and lengths of that directory.
package banking01b

//go:generate go run ../generate -directory D.01B -package banking01b .
