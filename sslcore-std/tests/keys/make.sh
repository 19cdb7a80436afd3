#!/bin/sh
# Made these files, with OpenSSL 3.0.19: one key, encrypted in all the ways that the test
# `passphrases` opens. The passphrase is "correct horse", but for umlaut.pem.
set -e
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out plain.pem
encrypted() {
    file=$1
    shift
    openssl pkcs8 -topk8 -in plain.pem -passout "pass:${PASSPHRASE:-correct horse}" \
        -provider legacy -provider default "$@" -out "$file"
}
encrypted pbe-sha1-3des.pem -v1 PBE-SHA1-3DES
encrypted pbe-sha1-2des.pem -v1 PBE-SHA1-2DES
encrypted pbe-sha1-rc2-128.pem -v1 PBE-SHA1-RC2-128
encrypted pbe-sha1-rc2-40.pem -v1 PBE-SHA1-RC2-40
PASSPHRASE='Schlüssel 🔑' encrypted umlaut.pem -v1 PBE-SHA1-3DES
encrypted pbes2-camellia-128.pem -v2 camellia-128-cbc -v2prf hmacWithSHA1
encrypted pbes2-camellia-192.pem -v2 camellia-192-cbc -v2prf hmacWithSHA512
encrypted pbes2-camellia-256.pem -v2 camellia-256-cbc
encrypted scrypt-camellia-256.pem -scrypt -scrypt_N 16 -v2 camellia-256-cbc
for bits in 128 192 256; do
    openssl ec -in plain.pem -camellia"$bits" -passout 'pass:correct horse' -out dek-camellia-"$bits".pem
done
