// Package security is the logins of ../../security-client.ts for clients in Go: a goroutine for each login. It knows no Kafka
// client.
package security

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// RecordsPerWalk are written, and read by a group.
const RecordsPerWalk = 20

const walkMax = 40 * time.Second

// Login is one line of the plan.
type Login map[string]string

// Client is what a Kafka client does with a login. Refusal returns what the client returns; one that goes on trying tells
// heard what it heard, and stays until the context ends.
type Client struct {
	Walk    func(ctx context.Context, login Login) error
	Refusal func(ctx context.Context, login Login, heard func(error)) error
}

// HasTLS, in any version.
func (login Login) HasTLS() bool { return login["protocol"] != "SASL_PLAINTEXT" }

// TLS as every client takes it.
func (login Login) TLS() *tls.Config {
	authority, err := os.ReadFile(login["ca"])
	if err != nil {
		panic(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(authority)
	if login["certificate"] != "" {
		certificate, err := tls.LoadX509KeyPair(login["certificate"], login["key"])
		if err != nil {
			panic(err)
		}
		// Shown whatever authorities the server names, as all other clients do.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificate, nil }
	}
	if login["tls"] == "TLSv1.2" {
		config.MaxVersion = tls.VersionTLS12
	}
	return config
}

// UnsecuredToken is one that nobody signed.
func (login Login) UnsecuredToken() string {
	part := func(value map[string]any) string {
		text, _ := json.Marshal(value)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	now := time.Now().Unix()
	claims := map[string]any{"sub": login["user"], "iat": now, "exp": now + 3600}
	return part(map[string]any{"alg": "none"}) + "." + part(claims) + "."
}

// Main reads the plan and tells what became of each login.
func Main(client Client) {
	var running sync.WaitGroup
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		login := Login{}
		for _, field := range strings.Split(lines.Text(), "\t") {
			name, value, _ := strings.Cut(field, "=")
			login[name] = value
		}
		running.Add(1)
		go func() {
			defer running.Done()
			try(client, login)
		}()
	}
	running.Wait()
}

func try(client Client, login Login) {
	started := time.Now()
	var once sync.Once
	tell := func(outcome, detail string) {
		once.Do(func() {
			text := strings.Join(strings.Fields(detail), " ")
			fmt.Printf("%s\t%s\t%d\t%s\n", login["id"], outcome, time.Since(started).Milliseconds(), text)
		})
	}
	heard := func(err error) { tell("refused", err.Error()) }
	window, _ := strconv.Atoi(login["windowMs"])
	limit := time.Duration(window) * time.Millisecond
	if login["kind"] == "walk" {
		limit = walkMax
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		if login["kind"] == "walk" {
			ended <- client.Walk(ctx, login)
		} else {
			ended <- client.Refusal(ctx, login, heard)
		}
	}()
	select {
	case err := <-ended:
		if ctx.Err() != nil {
			tell("late", "")
		} else if err != nil {
			heard(err)
		} else {
			tell("done", "")
		}
	case <-ctx.Done():
		tell("late", "")
	}
}
