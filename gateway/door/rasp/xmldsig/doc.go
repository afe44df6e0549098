// Package xmldsig verifies and makes WS-Security signatures on SOAP 1.2 messages, in the form that OIORASP uses:
// XML-Signature with exclusive canonicalisation (XML-Signature Syntax and Processing 1.0, Exclusive XML
// Canonicalization 1.0, both W3C), the signer's certificate as a BinarySecurityToken or named by its key identifier
// (WSS X.509 Certificate Token Profile 1.0).
//
// A message is parsed once, by a parser that is stricter than XML: UTF-8, no document type, no processing instruction,
// no comment. What is hashed and what is read are the same tree, so that no second reader can see another message than
// the one that was signed. A Message shows what is signed and nothing else: the body, and the headers that a Policy
// demands to be signed whenever they are there. A Reference must name one of these at its own place in the envelope, and
// the set of what is signed must be the set of what is demanded.
//
// A signer may be bound to the profile OIORASP, whose bodies are encrypted (XML Encryption Syntax and Processing, W3C). Such a
// message is verified twice, each time as a document without encryption: with its body left out, and with its body decrypted.
//
// Everything that a message is refused for is a *Refusal: a sentinel by what the caller does about it, and a Reason with
// a place for the log. Neither holds anything of the message's content. On the wire a caller says one thing for all.
package xmldsig
