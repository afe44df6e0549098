/* What the stand-in for libmqm_r.so passes on: the verbs that mq/ibmmq calls, played by internal/standin. */
#ifndef STANDIN_H
#define STANDIN_H

#include <cmqc.h>

struct standin_verbs {
	MQ_CONNX_CALL *connx;
	MQ_DISC_CALL *disc;
	MQ_OPEN_CALL *open;
	MQ_CLOSE_CALL *close;
	MQ_GET_CALL *get;
	MQ_PUT1_CALL *put1;
	MQ_CMIT_CALL *cmit;
	MQ_BACK_CALL *back;
	MQ_INQ_CALL *inq;
	MQ_CRTMH_CALL *crtmh;
	MQ_DLTMH_CALL *dltmh;
	MQ_SETMP_CALL *setmp;
	MQ_INQMP_CALL *inqmp;
};

typedef void standin_install_call(const struct standin_verbs *);

#endif
