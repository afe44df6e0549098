/* A data supplier's program by gSOAP: two bundles in a reliable sequence of February 2005, every message signed.
   Usage: client URL KEY CERTIFICATE AUTHORITIES. It prints each step with its code, 0 being well. */
#include "soapH.h"
#include "rasp.nsmap"
#include "wsrmapi.h"
#include "wsaapi.h"
#include "wsseapi.h"
#include <openssl/pem.h>

static EVP_PKEY *key;
static X509 *certificate;

static const char *action =
	"http://rep.oio.dk/oiosi.ehandel.gov.dk/xml/schemas/2007/09/01/NKSPaymentOrderInterface/SubmitNKSPaymentOrderRequest";

/* prepare has the next message signed; gSOAP forgets it after each. */
static void prepare(struct soap *soap, char *document)
{
	soap_wsse_delete_Security(soap);
	soap_header(soap);
	soap->header->oio__MessageIdentifier = document;
	soap->header->oio__SenderPartyIdentifier = "LEVA";
	soap->header->oio__ReceiverPartyIdentifier = "5798000016446";
	soap_wsse_add_Timestamp(soap, "Time", 300);
	soap_wsse_add_BinarySecurityTokenX509(soap, "X509Token", certificate);
	soap_wsse_add_KeyInfo_SecurityTokenReferenceX509(soap, "#X509Token");
	soap_wsse_sign_body(soap, SOAP_SMD_SIGN_RSA_SHA256, key, 0);
	soap_wsse_set_wsu_id(soap, "wsa5:Action wsa5:To wsa5:MessageID wsa5:ReplyTo wsrm:Sequence wsrm:AckRequested wsrm:SequenceAcknowledgement "
		"oio:MessageIdentifier oio:SenderPartyIdentifier oio:ReceiverPartyIdentifier");
}

static void step(struct soap *soap, const char *name, int code)
{
	printf("%s %d\n", name, code);
	if (code) {
		soap_print_fault(soap, stderr);
		exit(1);
	}
}

/* receive reads a reply with an empty body; the plugin takes the acknowledgement out of it. */
static int receive(struct soap *soap)
{
	if (soap_begin_recv(soap) || soap_envelope_begin_in(soap) || soap_recv_header(soap) || soap_body_begin_in(soap) ||
		soap_body_end_in(soap) || soap_envelope_end_in(soap) || soap_end_recv(soap)) {
		soap_closesock(soap);
		return soap->error;
	}
	return soap_closesock(soap);
}

int main(int argc, char **argv)
{
	FILE *f = fopen(argv[2], "r");
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	f = fopen(argv[3], "r");
	certificate = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);

	struct soap *soap = soap_new1(SOAP_XML_STRICT | SOAP_XML_CANONICAL | SOAP_C_UTFSTRING);
	soap_ssl_init();
	step(soap, "tls", soap_ssl_client_context(soap, SOAP_SSL_REQUIRE_SERVER_AUTHENTICATION | SOAP_SSL_SKIP_HOST_CHECK, NULL, NULL, argv[4], NULL, NULL));
	soap_register_plugin(soap, soap_wsa);
	soap_register_plugin(soap, soap_wsse);
	soap_register_plugin(soap, soap_wsrm);

	soap_wsrm_sequence_handle sequence;
	prepare(soap, NULL);
	step(soap, "create", soap_wsrm_create_offer(soap, argv[1], "http://www.w3.org/2005/08/addressing/anonymous", NULL, 0, NoDiscard, NULL, &sequence));
	char *documents[] = {"one", "two"};
	for (int i = 0; i < 2; i++) {
		soap_wsse_delete_Security(soap);
		step(soap, "request", soap_wsrm_request_acks(soap, sequence, soap_wsa_rand_uuid(soap), action));
		prepare(soap, documents[i]);
		step(soap, "send", soap_send_ns__NKSPayment(soap, soap_wsrm_to(sequence), action, documents[i]));
		step(soap, "reply", receive(soap));
		printf("not acknowledged %d\n", (int)soap_wsrm_nack(sequence));
	}
	prepare(soap, NULL);
	step(soap, "close", soap_wsrm_close(soap, sequence, soap_wsa_rand_uuid(soap)));
	/* The end is answered by the end of the reply sequence, as the usual peers have it; gSOAP knows that one no more and calls it unknown. */
	prepare(soap, NULL);
	printf("terminate %d\n", soap_wsrm_terminate(soap, sequence, soap_wsa_rand_uuid(soap)));
	return 0;
}
