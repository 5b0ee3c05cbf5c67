#!/bin/sh
# Helix for a Debian that has none: install.sh FOLDER [SUITE]
#
# Unpacks the package of a newer suite, with all it depends on, below FOLDER and nowhere else; FOLDER/hx starts it.
# The newer C library serves Helix alone: what Helix starts (the language server) runs with the system's.
set -eu

mkdir -p "$1"
folder=$(cd "$1" && pwd)
suite=${2:-trixie}
index=$folder/index
rm -rf "$index" "$folder/root"
mkdir -p "$index/lists/partial" "$index/cache/archives/partial" "$folder/root"

# The archive that this machine uses, whatever it is.
archive=$(sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' \
  /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1)
[ -n "$archive" ] || { echo "no Debian archive is configured here" >&2; exit 1; }
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" >"$index/sources.list"

# An index of its own, in which nothing is installed: so apt fetches the whole set, and the system's stays as it is.
private_apt() {
  apt-get -qq -o "Dir::Etc::SourceList=$index/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o "Dir::State::Lists=$index/lists" -o Dir::State::Status=/dev/null -o "Dir::Cache=$index/cache" \
    -o "APT::Sandbox::User=$(id -un)" -o Debug::NoLocking=1 "$@"
}
private_apt update
private_apt install --yes --download-only --no-install-recommends hx >/dev/null
for package in "$index"/cache/archives/*.deb; do dpkg-deb -x "$package" "$folder/root"; done
rm -rf "$index"

root=$folder/root
loader=$(find "$root" -name 'ld-linux*.so.*' | head -n 1)
libraries=$(find "$root" -type d -name '*-linux-gnu' -path '*/lib/*' | sort | paste -sd :)
cat >"$folder/hx.new" <<SCRIPT
#!/bin/sh
export HELIX_RUNTIME="$root/usr/lib/hx/runtime"
exec "$loader" --library-path "$libraries" "$root/usr/lib/hx/hx" "\$@"
SCRIPT
chmod +x "$folder/hx.new"
"$folder/hx.new" --version
mv "$folder/hx.new" "$folder/hx"
