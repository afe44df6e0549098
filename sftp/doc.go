// Package sftp carries files both ways over SSH: the mailbox server to which
// authorities upload and from which they collect (VANS-style), and the client
// that puts files at a bank centre and fetches the bank's.
//
// It is a leaf: it knows files and names, not payments. Where uploads go and
// documents come from is the [Mailbox] of the caller; there is no file system
// behind the server.
//
// Two rules shape everything here. An upload counts only when it is complete:
// a connection that breaks leaves nothing behind. And the outcome of a put is
// never guessed: [ErrNotSent], [ErrExists] and [ErrUnknown] say which retry, if
// any, is safe.
package sftp
