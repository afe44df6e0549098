#define _GNU_SOURCE
#include <dlfcn.h>
#include "_cgo_export.h"

/* IBM's own library has no such function: then nothing is installed, and its verbs are the real ones. */
int standinInstall(void)
{
	standin_install_call *install = (standin_install_call *)dlsym(RTLD_DEFAULT, "standin_install");
	if (!install)
		return 0;
	const struct standin_verbs verbs = {
		.connx = standinConnx, .disc = standinDisc, .open = standinOpen, .close = standinClose, .get = standinGet,
		.put1 = standinPut1, .cmit = standinCmit, .back = standinBack, .inq = standinInq, .crtmh = standinCrtmh,
		.dltmh = standinDltmh, .setmp = standinSetmp, .inqmp = standinInqmp,
	};
	install(&verbs);
	return 1;
}
