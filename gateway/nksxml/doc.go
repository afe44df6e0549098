// Package nksxml reads and writes the XML documents that the NemKonto system exchanges with those who pay:
// NKSPayment in; receipts 0 and 1 and responses 2, 5, 7, 8 and 9 out.
//
// The readers enforce the closed schema of testdata/schema while they read: element order, cardinality, types and
// lengths. They stream, in constant memory, and bound everything that a document can make large. The tokenizer below
// them conforms to XML 1.0 and Namespaces in XML 1.0 for documents without a document type declaration, which is refused;
// nothing outside the document is ever read.
//
// What the schema leaves open is for the flow to judge payment by payment: whether an amount can be paid, an account or an
// identifier has the right form, a code is known. One such fault stops one payment, a breach of the schema the whole document.
package nksxml
