// A client with Go's crypto/tls: client ADDRESS CA VERSION [CERT KEY].
//
// It sends a megabyte to an echo server that must be server.test, ends its side, and reads the
// same bytes back up to close_notify. Then it prints what it agreed on. SSLCORE_TEST_GROUP may name
// the one key exchange group to offer, by its number.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
)

const size = 1_000_000

func main() {
	roots, err := os.ReadFile(os.Args[2])
	check(err)
	versions := map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	version := versions[os.Args[3]]
	config := &tls.Config{
		ServerName: "server.test",
		RootCAs:    x509.NewCertPool(),
		MinVersion: version,
		MaxVersion: version,
		NextProtos: []string{"echo"},
	}
	config.RootCAs.AppendCertsFromPEM(roots)
	if len(os.Args) > 4 {
		certificate, err := tls.LoadX509KeyPair(os.Args[4], os.Args[5])
		check(err)
		config.Certificates = []tls.Certificate{certificate}
	}
	if group, named := os.LookupEnv("SSLCORE_TEST_GROUP"); named {
		number, err := strconv.Atoi(group)
		check(err)
		config.CurvePreferences = []tls.CurveID{tls.CurveID(number)}
	}
	connection, err := tls.Dial("tcp", os.Args[1], config)
	check(err)
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i ^ i>>8 ^ i>>16)
	}
	sent := make(chan error)
	go func() {
		_, err := connection.Write(data)
		sent <- err
	}()
	back := make([]byte, size)
	_, err = io.ReadFull(connection, back)
	check(err)
	check(<-sent)
	if !bytes.Equal(data, back) {
		log.Fatal("other bytes came back")
	}
	check(connection.CloseWrite())
	rest, err := io.ReadAll(connection)
	check(err)
	if len(rest) > 0 {
		log.Fatal("more bytes came back")
	}
	state := connection.ConnectionState()
	fmt.Println("agreed on", state.CurveID)
	fmt.Println("echoed:", tls.VersionName(state.Version), state.NegotiatedProtocol)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
