#import "soap12.h"
#import "wsse.h"
#import "wsrm5.h"
//gsoap ns service name: rasp
//gsoap ns service protocol: SOAP1.2
//gsoap ns service style: document
//gsoap ns service encoding: literal
//gsoap ns schema namespace: http://rep.oio.dk/oes.dk/nemkonto/xml/schemas/2006/05/01/
//gsoap ns schema elementForm: qualified
//gsoap oio schema namespace: http://rep.oio.dk/oiosi.ehandel.gov.dk/xml/schemas/2007/09/01/
//gsoap oio schema elementForm: qualified
typedef char *_oio__MessageIdentifier;
typedef char *_oio__SenderPartyIdentifier;
typedef char *_oio__ReceiverPartyIdentifier;
struct SOAP_ENV__Header {
  _oio__MessageIdentifier oio__MessageIdentifier 0;
  _oio__SenderPartyIdentifier oio__SenderPartyIdentifier 0;
  _oio__ReceiverPartyIdentifier oio__ReceiverPartyIdentifier 0;
};
//gsoap ns service method-action: NKSPayment http://rep.oio.dk/oiosi.ehandel.gov.dk/xml/schemas/2007/09/01/NKSPaymentOrderInterface/SubmitNKSPaymentOrderRequest
int ns__NKSPayment(char *Text, void);
