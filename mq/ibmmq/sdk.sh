#!/bin/sh
# Says with which IBM MQ this module is built and tested, as two lines for a shell: eval "$(./sdk.sh)".
#
# Where IBM's SDK is installed (MQ_INSTALLATION_PATH, else /opt/mqm) it is that. Elsewhere it is IBM's headers out of an npm
# package, with ours for the two that it lacks, and a library of ours that stands in for IBM's: all made once, in the user's cache.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mqm=${MQ_INSTALLATION_PATH:-/opt/mqm}
package=ibmmq@2.1.9
sum=f42e04872ac47101cafb51411ab64dfca0d400ea7d443864a6940ad8d31817d8

flags() {
	echo "export CGO_ENABLED=1 CGO_CFLAGS='-O2 -g -I$1'"
	echo "export CGO_LDFLAGS='-O2 -g -L$2 -Wl,-rpath,$2'"
}

if [ -r "$mqm/inc/cmqc.h" ] && [ -r "$mqm/inc/cmqstrc.h" ] && [ -e "$mqm/lib64/libmqm_r.so" ]; then
	flags "$mqm/inc" "$mqm/lib64"
	exit
fi

for tool in gcc npm; do
	command -v "$tool" >/dev/null 2>&1 || { echo "mq/ibmmq needs IBM's SDK in $mqm, or gcc and npm to do without: $tool is missing" >&2; exit 2; }
done

sources=$here/testdata/standin
version=$(cat "$here/sdk.sh" "$sources"/* | sha256sum | cut -c 1-16)
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/nks-ibmmq
home=$cache/$version
if [ ! -d "$home" ]; then
	mkdir -p "$cache"
	aside=$(mktemp -d "$cache/make-XXXXXX")
	trap 'rm -rf "$aside"' EXIT
	mkdir "$aside/inc" "$aside/lib64"
	# Nothing of the package is run: it would fetch IBM's client when it is installed.
	(cd "$aside" && npm pack --ignore-scripts --silent "$package" >/dev/null)
	echo "$sum  $aside/ibmmq-2.1.9.tgz" | sha256sum --check --quiet >&2
	tar -xzf "$aside/ibmmq-2.1.9.tgz" -C "$aside" package/src/unix/cmqc.h package/src/cmqxc.h package/LICENSE
	mv "$aside/package/src/unix/cmqc.h" "$aside/package/src/cmqxc.h" "$aside/package/LICENSE" "$aside/inc/"
	rm -rf "$aside/package" "$aside/ibmmq-2.1.9.tgz"
	cp "$sources"/*.h "$aside/inc/"
	gcc -std=c11 -Wall -Wextra -Werror -O2 -fPIC -shared -Wl,-soname,libmqm_r.so -I"$aside/inc" -o "$aside/lib64/libmqm_r.so" "$sources/libmqm_r.c"
	chmod 755 "$aside"
	# Another call may have been faster: its result is the same.
	mv -T "$aside" "$home" 2>/dev/null || [ -d "$home" ]
fi
flags "$home/inc" "$home/lib64"
