#!/usr/bin/env bash
# Makes the seeds: sessions are recorded, certificates and files are made with OpenSSL. Keys are new
# each time, so what is committed is what was made once.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
seeds=$PWD/seeds
rm -rf "$seeds"
mkdir -p "$seeds"/{certificates,files,starttls}
# From above, where the toolchain of this folder does not count.
(cd .. && cargo run --locked --quiet --manifest-path fuzz/Cargo.toml --target-dir "${CARGO_TARGET_DIR:-target}" -p sslcore-fuzz-targets --bin seeds)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
cat >ca.cnf <<'END'
[ca]
default_ca = ca
[ca]
database = index.txt
serial = serial
crlnumber = serial
new_certs_dir = .
default_md = sha256
default_crl_days = 9999
policy = policy
unique_subject = no
[policy]
commonName = supplied
organizationName = optional
[req]
distinguished_name = dn
prompt = no
[dn]
CN = nobody
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[middle]
basicConstraints = critical, CA:TRUE, pathlen:1
keyUsage = critical, keyCertSign, cRLSign
nameConstraints = permitted;DNS:server.test, excluded;DNS:bad.server.test, permitted;IP:127.0.0.0/255.0.0.0
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf]
basicConstraints = CA:FALSE
subjectAltName = DNS:server.test, DNS:*.server.test, IP:127.0.0.1, email:a@server.test, URI:https://server.test/
keyUsage = digitalSignature
extendedKeyUsage = serverAuth, clientAuth
tlsfeature = status_request
certificatePolicies = 1.2.3.4
authorityKeyIdentifier = keyid
END
: >index.txt
echo 1000 >serial
quietly() { "$@" 2>>log || { cat log >&2 && exit 1; }; }
# issue NAME SECTION SUBJECT ISSUER: a certificate for the key NAME.key.
issue() {
    quietly openssl req -new -key "$1.key" -config ca.cnf -subj "$3" -out "$1.csr"
    local by=(-cert "$4.pem" -keyfile "$4.key")
    if [[ $4 == "$1" ]]; then by=(-selfsign -keyfile "$1.key"); fi
    quietly openssl ca -batch -config ca.cnf "${by[@]}" -in "$1.csr" -extensions "$2" -notext \
        -startdate 20200101000000Z -enddate 20490101000000Z -out "$1.pem"
    quietly openssl x509 -in "$1.pem" -outform DER -out "$1.der"
}
for name in root middle leaf; do
    quietly openssl ecparam -name prime256v1 -genkey -noout -out "$name.key"
done
quietly openssl genrsa -out rsa.key 2048
quietly openssl genpkey -algorithm ed25519 -out ed25519.key
issue root root '/CN=root/O=Testing' root
issue middle middle '/CN=middle/O=Testing' root
issue leaf leaf '/CN=server.test' middle
issue rsa leaf '/CN=server.test/O=R\/SA' middle
issue ed25519 leaf '/CN=server.test' middle
quietly openssl ca -config ca.cnf -cert middle.pem -keyfile middle.key -revoke rsa.pem -crl_reason keyCompromise
quietly openssl ca -config ca.cnf -cert middle.pem -keyfile middle.key -gencrl -out list.pem
quietly openssl crl -in list.pem -outform DER -out list.der

byte() { printf "\\x$(printf %02x "$1")"; }
# certificates FIRST FILE...: a chain, each with its length before it.
chain() {
    local first=$1 file n
    shift
    byte "$first" && byte 0
    for file in "$@"; do
        n=$(stat -c %s "$file")
        byte $((n / 256)) && byte $((n % 256)) && cat "$file"
    done
}
chain 8 leaf.der middle.der root.der >"$seeds/certificates/leaf"
chain 10 rsa.der middle.der root.der >"$seeds/certificates/rsa"
chain 12 ed25519.der middle.der root.der >"$seeds/certificates/ed25519"
chain 0 leaf.der >"$seeds/certificates/alone"
{ byte 193 && byte 0 && cat list.der; } >"$seeds/certificates/list"
{ byte 193 && byte 0 && openssl pkcs8 -topk8 -nocrypt -in leaf.key -outform DER; } >"$seeds/certificates/key"
{ byte 192 && byte 0 && cat leaf.pem list.pem leaf.key; } >"$seeds/certificates/pem"

# file KIND NAME: from standard input.
file() { { byte "$1" && cat; } >"$seeds/files/$2"; }
cat leaf.pem middle.pem | file 1 chain
cat leaf.der | file 1 der
cat leaf.pem list.pem | file 2 list
cat leaf.key | file 3 sec1
openssl pkcs8 -topk8 -nocrypt -in rsa.key | file 3 rsa
openssl pkcs8 -topk8 -in leaf.key -passout pass:secret -iter 50 | file 4 pbes2
openssl pkcs8 -topk8 -in leaf.key -passout pass:secret -v1 PBE-SHA1-3DES -iter 50 | file 4 pbes1
openssl pkcs8 -topk8 -in leaf.key -passout pass:secret -scrypt -scrypt_N 16 | file 4 scrypt
openssl ec -in leaf.key -aes128 -passout pass:secret 2>/dev/null | file 4 dek-info
p12() {
    openssl pkcs12 -export -inkey leaf.key -in leaf.pem -certfile middle.pem -passout pass:secret -iter 50 "$@"
}
p12 | file 5 pbes2.p12
p12 -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 | file 5 old.p12
p12 -nomac | file 5 nomac.p12
cat leaf.key leaf.pem middle.pem | file 6 identity
quietly openssl ocsp -index index.txt -CA middle.pem -issuer middle.pem -cert leaf.pem -rsigner middle.pem \
    -rkey middle.key -reqout request -respout response -ndays 9000
cat response | file 0 response
quietly openssl ocsp -index index.txt -CA middle.pem -issuer middle.pem -cert rsa.pem -rsigner middle.pem \
    -rkey middle.key -reqout request -respout response -ndays 9000 -resp_key_id
cat response | file 0 revoked

# said PROTOCOL NAME TEXT: by its place in `Protocol::ALL`.
said() { { byte "$1" && printf '%b' "$3"; } >"$seeds/starttls/$2"; }
said 0 smtp '220-mail\r\n220 ready\r\n250-mail\r\n250-SIZE 1\r\n250 STARTTLS\r\n220 go ahead\r\n'
said 1 lmtp '220 ready\r\n250-mail\r\n250 STARTTLS\r\n220 go ahead\r\n'
said 2 imap '* OK {3}\r\na\nb ready\r\n* CAPABILITY IMAP4rev1 STARTTLS\r\nS1 OK go ahead\r\n'
said 3 pop3 '+OK ready\r\n+OK go ahead\r\n'
said 4 ftp '220-ready\r\n220 go on\r\n234 go ahead\r\n'
xmpp="<?xml version='1.0'?><stream:stream id='>'><stream:features><starttls/></stream:features><proceed/>"
said 5 xmpp "$xmpp"
said 6 xmpp-server "$xmpp"
said 7 ldap '\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00'
said 8 postgres 'S'
said 9 mysql '\x1f\0\0\0\x0a5.5\0\x07\0\0\0saltsalt\0\xff\xff\x02\0\0\0\0\0\0\0\0\0\0'
said 10 sieve '"SASL" {5}\r\nPLAIN\r\n"STARTTLS"\r\nOK\r\nOK go ahead\r\n'
said 11 nntp '200 ready\r\n382 go ahead\r\n'
said 12 irc ':a NOTICE * :hello\r\n:a 670 * :go ahead\r\n'

du --apparent-size -sb "$seeds"
