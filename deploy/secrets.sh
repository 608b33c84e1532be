#!/bin/sh
# Make the secrets of docker-compose.yml, one file each: sh deploy/secrets.sh FOLDER
# What is there already stays. Nobody but the owner enters the folder; inside, each container reads
# the files that it is given, under an account of its own.
set -eu
folder=${1:?the folder of the secrets}
mkdir -p "$folder"
chmod 700 "$folder"

keep() {
  [ -e "$folder/$1" ] || cat > "$folder/$1"
  chmod 444 "$folder/$1"
}

for name in secret ticket open_data hash mfa receipt; do
  head -c 48 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_' | keep "portal_${name}_key"
  : | keep "portal_${name}_key_fallbacks"
done
for name in database_admin database_owner database redis; do
  od -An -N 24 -tx1 /dev/urandom | tr -d ' \n' | keep "${name}_password"
done
for name in email_password files_url nts_key registries; do
  : | keep "$name"
done
# For docker-compose.backup.yml: a repository in the volume of its own, encrypted.
word=$(head -c 48 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_')
sed -e "s|^repo1-path=.*|repo1-path=/backups|" -e "s|^repo1-cipher-pass=.*|&$word|" \
  -e "s|^pg1-path=.*|pg1-path=/var/lib/postgresql/data|" \
  "$(dirname "$0")/backup/pgbackrest.conf.template" | keep pgbackrest_conf
