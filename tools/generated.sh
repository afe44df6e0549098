#!/bin/sh
# Tells which generated files are not what their generators write, and fails if there is any. The tree stays as it is:
# everything is generated anew in a copy of it.
#
#   tools/generated.sh
#
# The UN/EDIFACT directories are made from files of UNECE, which are not part of the repository. Where they do not lie in
# ../shared/samples/edifact/directories their two texts are left out.
set -eu

cd "$(dirname "$0")/.."
published=$(pwd)/../shared/samples/edifact/directories
bench=./cmd/nks-demo # the program that has the command bench

# Without paths in what is built a copy in another place is built from the cache.
export GOFLAGS="${GOFLAGS:-} -trimpath -buildvcs=false"

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/is" "$copy/becomes"
git ls-files -z --cached --others --exclude-standard --deduplicate |
	xargs -0 sh -c 'for file; do if [ -e "$file" ]; then printf "%s\\0" "$file"; fi; done' - >"$copy/files"
tar --null --files-from="$copy/files" -cf "$copy/tree.tar"
tar -xf "$copy/tree.tar" -C "$copy/is"
cp -a "$copy/is/." "$copy/becomes"

(
	cd "$copy/becomes"
	# What no generator writes any more is then missing.
	grep -rl --include='*.go' '^// Code generated .* DO NOT EDIT\.$' . | while read -r file; do rm "$file"; done

	skip='unece-.*\.zip'
	if [ -e "$published/unece-d96a.zip" ] && [ -e "$published/unece-d01b.zip" ]; then
		skip='^$'
		for release in d96a d01b; do ln -s "$published/unece-$release.zip" "edifact/directory/$release/"; done
	else
		echo "the UN/EDIFACT directories of UNECE are not here: d96a.txt and d01b.txt are not compared"
	fi
	go generate -skip "$skip" ./... 2>"$copy/notes" || { cat "$copy/notes"; exit 1; }
	find edifact/directory -name 'unece-*.zip' -type l -delete

	go test -count=1 -run '^TestCodes_Page$' ./gateway -update >"$copy/notes" || { cat "$copy/notes"; exit 1; }
	go run "$bench" bench --report --out bench/results.jsonl --docs docs
)

(cd "$copy" && diff -rq is becomes) | sed -e 's/^Files is\/\(.*\) and .* differ$/\1/' -e 's/^Only in \(is\|becomes\)\/*\(.*\): /\2\//' >"$copy/differ"
if [ -s "$copy/differ" ]; then
	echo "not what is generated; run go generate -skip unece ./..., go test ./gateway -update, $bench bench --report:"
	sed 's/^/  /' "$copy/differ"
	exit 1
fi
