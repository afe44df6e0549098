package soap

import "nks/gateway/door/rasp/xmldsig"

const nemKonto = "http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/"

// DocumentType is a business document, with the actions of who sends it and of the reply.
type DocumentType struct {
	Root    xmldsig.Name
	Request string // action of the message that brings it
	Reply   string // action of the empty reply
}

// typeOf is a document type whose interface is named as all are. // OIO RASP, document types
func typeOf(root, interfaceName, service string) DocumentType {
	return DocumentType{Root: xmldsig.Name{Space: nemKonto, Local: root}, Request: xmldsig.OIO + interfaceName + "/Submit" + service + "Request",
		Reply: xmldsig.OIO + interfaceName + "/Submit" + service + "Response"}
}

// Payments is the payment order, which the gateway takes.
func Payments() DocumentType {
	return typeOf("NKSPayment", "NKSPaymentOrderInterface", "NKSPaymentOrder")
}

// Answers are the receipts and responses, which the gateway sends.
func Answers() []DocumentType {
	var all []DocumentType
	for _, name := range []string{"NKSReceipt0", "NKSReceipt1", "NKSResponse2", "NKSResponse5", "NKSResponse7", "NKSResponse8", "NKSResponse9"} {
		all = append(all, typeOf(name, name+"Interface", name))
	}
	return all
}

// ByRoot is the document type of a root element.
func ByRoot(types []DocumentType, root xmldsig.Name) (DocumentType, bool) {
	for _, t := range types {
		if t.Root == root {
			return t, true
		}
	}
	return DocumentType{}, false
}

// ByRequest is the document type that comes under an action.
func ByRequest(types []DocumentType, action string) (DocumentType, bool) {
	for _, t := range types {
		if t.Request == action {
			return t, true
		}
	}
	return DocumentType{}, false
}
