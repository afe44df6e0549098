#!/bin/sh
# Installs what nks needs from the distribution's packages and this machine lacks.
#
#   tools/deps.sh demo    what the program needs
#   tools/deps.sh check   what the module with cgo needs to be built (mq/ibmmq)
#   tools/deps.sh test    both, and what the tests need besides
#   tools/deps.sh farm    and what the farm alone needs: another signer and verifier of SOAP messages, in Java, and of sequences, in C
#
# Where everything is present nothing is touched. Without root it says in one line what to install, and fails.
set -eu

need=${1:-demo}
oldest_postgresql=15

# has_postgresql says whether a version that is new enough is installed where nks looks for it.
has_postgresql() {
	for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
		[ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] || continue
		version=$("$dir/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
		[ "${version:-0}" -ge "$oldest_postgresql" ] && return 0
	done
	version=$(initdb --version 2>/dev/null | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	[ "${version:-0}" -ge "$oldest_postgresql" ]
}

has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

missing() {
	if [ "$need" != demo ]; then
		has gcc && [ -e /usr/include/stdlib.h ] || echo gcc libc6-dev
	fi
	if [ "$need" = check ]; then
		has npm || echo npm
		return
	fi
	has_postgresql || echo postgresql
	[ "$need" = demo ] && return
	has psql || echo postgresql-client
	has sftp && has ssh-keygen || echo openssh-client
	has sshd || echo openssh-server
	has curl || echo curl
	has lftp || echo lftp
	has xmllint || echo libxml2-utils
	has xmlsec1 || echo xmlsec1
	has openssl || echo openssl
	has npm || echo npm
	has chromium || echo chromium
	[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || echo rabbitmq-server
	/usr/bin/python3 -c 'import proton' 2>/dev/null || echo python3-qpid-proton
	[ "$need" = farm ] || return 0
	has javac || echo default-jdk-headless
	[ -e /usr/share/java/wss4j.jar ] || echo libwss4j-java
	[ -e /usr/share/java/xmlsec.jar ] || echo libxml-security-java
	has soapcpp2 && [ -e /usr/share/gsoap/plugin/wsrmapi.c ] || echo gsoap libgsoap-dev
	[ -e /usr/include/openssl/ssl.h ] || echo libssl-dev
}

packages=$(missing | tr '\n' ' ')
[ -z "$packages" ] && exit 0

if [ "$(id -u)" != 0 ] || ! has apt-get; then
	echo "missing: ${packages% }; as root on Debian: make deps-$need (elsewhere: install them, PostgreSQL $oldest_postgresql or newer)" >&2
	exit 2
fi

# Debian's package would start a server of its own that nobody asked for; nks runs one itself.
mkdir -p /etc/postgresql-common
if ! grep -qs '^create_main_cluster *= *false' /etc/postgresql-common/createcluster.conf; then
	echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf
fi

# The tests start an sshd and a RabbitMQ themselves; installing one must not open this machine to the network.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$guard"
	chmod 755 "$guard"
	trap 'rm -f "$guard"' EXIT
	trap 'exit 130' INT TERM
fi

export DEBIAN_FRONTEND=noninteractive
echo "installing: $packages" >&2
apt-get update -qq
# --force-confold keeps the file written above.
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold $packages >/dev/null
case " $packages" in
*" openssh-server "*)
	if [ -d /run/systemd/system ]; then systemctl disable --quiet ssh.service ssh.socket 2>/dev/null || true; fi
	;;
esac
case " $packages" in
*" rabbitmq-server "*)
	if [ -d /run/systemd/system ]; then
		systemctl disable --quiet rabbitmq-server.service epmd.service epmd.socket 2>/dev/null || true
	fi
	;;
esac
if [ "$need" != check ] && ! has_postgresql; then
	echo "this distribution has no PostgreSQL $oldest_postgresql; see https://wiki.postgresql.org/wiki/Apt" >&2
	exit 2
fi
