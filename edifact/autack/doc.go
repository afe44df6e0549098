// Package autack signs and verifies UN/EDIFACT interchanges with AUTACK, the
// secure authentication and acknowledgement message of ISO 9735-6: RSA
// signatures over SHA-256 digests of exact byte ranges. It works under syntax
// versions 1 to 3, as banks use it, and 4.
//
// [NewReader] reads an interchange and hashes it on the way, [Output] does while
// one is written, [Sign] makes an AUTACK of the digests, [Append] puts one into
// the interchange that it signs,
// [Read] and [Message.Write] take it from and to EDIFACT, and [Verify] holds it
// against digests.
//
// # What is signed
//
// Bytes are hashed as they came: in the encoding of the transfer, release
// characters and service characters as they stand. Line breaks within the range
// are part of it, those between segments and those of lines wrapped at a column
// as well, whether or not a reader forgives them. A range ends with the segment
// terminator; a line break behind that is not in it.
//
//   - Message: from the U of UNH to the terminator of UNT. Scopes 3 and 6 (0541)
//     both say this of a message.
//   - Package: from UNO to the terminator of UNP, with the object.
//   - Group: from UNG to the terminator of UNE.
//   - Interchange: from the first byte of UNA, where there is one, to the
//     terminator of UNZ. UNA is part of the interchange, and other service
//     characters give the same bytes another meaning. Partners who count from
//     UNB agree on [HashOptions.WithoutUNA].
//
// The signature is the value of USY, one for each structure that USX refers to
// (security services 7 and 8). A signed message is good in any interchange: what
// stands in UNB is not signed with it, nor are the service characters. Where
// that matters, and against sending the same again, sign the interchange.
//
// # Codes
//
// Codes are those of the UN service code list: hash 48 (SHA-256), signature 10
// (RSA), padding 16 (PKCS #1 v1.5 signatures; 11, its older name, is taken as
// well, and so is none). The list has no code for PSS: it is "PSS" from the
// mutually agreed list "ZZZ". [Codes] changes them.
//
// Not supported, and refused where it is met: values in USR, which sign the
// AUTACK itself (services 1 to 3), acknowledgements (5, 6), MD5, SHA-1, symmetric
// algorithms, and the filters EDA and EDC. A digest without a signature (service
// 9) is compared, but it signs nothing. [Message] holds all of them as values.
package autack
