/*
 * Stands in for IBM's client library, so that mq/ibmmq can be linked and its paths be run where there is no IBM MQ. It is
 * none: it speaks no protocol and reaches no queue manager. Until a test installs its verbs, every one of them answers that
 * the queue manager is not available.
 */
#include "standin.h"

static struct standin_verbs verbs;

standin_install_call standin_install;

void standin_install(const struct standin_verbs *v) { verbs = *v; }

static void refuse(PMQLONG cc, PMQLONG rc, MQLONG reason)
{
	*cc = MQCC_FAILED;
	*rc = reason;
}

#define PASS(verb, ...) \
	if (verbs.verb) \
		verbs.verb(__VA_ARGS__, cc, rc); \
	else \
		refuse(cc, rc, MQRC_Q_MGR_NOT_AVAILABLE);

void MQENTRY MQCONNX(PMQCHAR name, PMQCNO cno, PMQHCONN h, PMQLONG cc, PMQLONG rc) { PASS(connx, name, cno, h) }
void MQENTRY MQDISC(PMQHCONN h, PMQLONG cc, PMQLONG rc) { PASS(disc, h) }
void MQENTRY MQOPEN(MQHCONN h, PMQVOID od, MQLONG options, PMQHOBJ obj, PMQLONG cc, PMQLONG rc) { PASS(open, h, od, options, obj) }
void MQENTRY MQCLOSE(MQHCONN h, PMQHOBJ obj, MQLONG options, PMQLONG cc, PMQLONG rc) { PASS(close, h, obj, options) }
void MQENTRY MQGET(MQHCONN h, MQHOBJ obj, PMQVOID md, PMQVOID gmo, MQLONG size, PMQVOID buffer, PMQLONG length, PMQLONG cc, PMQLONG rc)
{
	PASS(get, h, obj, md, gmo, size, buffer, length)
}
void MQENTRY MQPUT1(MQHCONN h, PMQVOID od, PMQVOID md, PMQVOID pmo, MQLONG size, PMQVOID buffer, PMQLONG cc, PMQLONG rc)
{
	PASS(put1, h, od, md, pmo, size, buffer)
}
void MQENTRY MQCMIT(MQHCONN h, PMQLONG cc, PMQLONG rc) { PASS(cmit, h) }
void MQENTRY MQBACK(MQHCONN h, PMQLONG cc, PMQLONG rc) { PASS(back, h) }
void MQENTRY MQINQ(MQHCONN h, MQHOBJ obj, MQLONG n, PMQLONG selectors, MQLONG ints, PMQLONG values, MQLONG chars, PMQCHAR texts, PMQLONG cc,
	PMQLONG rc)
{
	PASS(inq, h, obj, n, selectors, ints, values, chars, texts)
}
void MQENTRY MQCRTMH(MQHCONN h, PMQVOID cmho, PMQHMSG msg, PMQLONG cc, PMQLONG rc) { PASS(crtmh, h, cmho, msg) }
void MQENTRY MQDLTMH(MQHCONN h, PMQHMSG msg, PMQVOID dmho, PMQLONG cc, PMQLONG rc) { PASS(dltmh, h, msg, dmho) }
void MQENTRY MQSETMP(MQHCONN h, MQHMSG msg, PMQVOID smpo, PMQVOID name, PMQVOID pd, MQLONG type, MQLONG size, PMQVOID value, PMQLONG cc,
	PMQLONG rc)
{
	PASS(setmp, h, msg, smpo, name, pd, type, size, value)
}
void MQENTRY MQINQMP(MQHCONN h, MQHMSG msg, PMQVOID impo, PMQVOID name, PMQVOID pd, PMQLONG type, MQLONG size, PMQVOID value, PMQLONG length,
	PMQLONG cc, PMQLONG rc)
{
	PASS(inqmp, h, msg, impo, name, pd, type, size, value, length)
}

/* The verbs that mq/ibmmq never calls, and the Go client links all the same. */

#define LACKING(verb, ...) \
	void MQENTRY verb(__VA_ARGS__, PMQLONG cc, PMQLONG rc) { refuse(cc, rc, MQRC_FUNCTION_NOT_SUPPORTED); }

#pragma GCC diagnostic ignored "-Wunused-parameter"

LACKING(MQBEGIN, MQHCONN h, PMQVOID bo)
LACKING(MQCB, MQHCONN h, MQLONG op, PMQVOID cbd, MQHOBJ obj, PMQVOID md, PMQVOID gmo)
LACKING(MQCTL, MQHCONN h, MQLONG op, PMQVOID ctlo)
LACKING(MQDLTMP, MQHCONN h, MQHMSG msg, PMQVOID dmpo, PMQVOID name)
LACKING(MQPUT, MQHCONN h, MQHOBJ obj, PMQVOID md, PMQVOID pmo, MQLONG size, PMQVOID buffer)
LACKING(MQSET, MQHCONN h, MQHOBJ obj, MQLONG n, PMQLONG selectors, MQLONG ints, PMQLONG values, MQLONG chars, PMQCHAR texts)
LACKING(MQSTAT, MQHCONN h, MQLONG type, PMQVOID sts)
LACKING(MQSUB, MQHCONN h, PMQVOID sd, PMQHOBJ obj, PMQHOBJ sub)
LACKING(MQSUBRQ, MQHCONN h, MQHOBJ sub, MQLONG action, PMQVOID sro)
