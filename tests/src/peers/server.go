// An echo server with Go's crypto/tls: server CERT KEY VERSION [CA].
//
// It prints its address, then what it agreed on with each client. With a CA it wants certificates
// of its clients. SSLCORE_TEST_GROUP may name the one key exchange group to take, by its number.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
)

func main() {
	certificate, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	check(err)
	versions := map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	version := versions[os.Args[3]]
	config := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		MinVersion:   version,
		MaxVersion:   version,
		NextProtos:   []string{"echo"},
	}
	if len(os.Args) > 4 {
		roots, err := os.ReadFile(os.Args[4])
		check(err)
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(roots)
	}
	if group, named := os.LookupEnv("SSLCORE_TEST_GROUP"); named {
		number, err := strconv.Atoi(group)
		check(err)
		config.CurvePreferences = []tls.CurveID{tls.CurveID(number)}
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	check(err)
	fmt.Println(listener.Addr())
	for {
		connection, err := listener.Accept()
		check(err)
		go echo(connection.(*tls.Conn))
	}
}

func echo(connection *tls.Conn) {
	defer connection.Close()
	if err := connection.Handshake(); err != nil {
		fmt.Println("refused:", err)
		return
	}
	state := connection.ConnectionState()
	fmt.Println(tls.VersionName(state.Version), state.ServerName, state.NegotiatedProtocol)
	fmt.Println("agreed on", state.CurveID)
	io.Copy(connection, connection)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
