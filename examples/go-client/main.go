// A client of Countersign in Go: exchanges a token, asks live whether its subject may do something, and reads a refusal in full.
//
//	go generate ./... && go run . -target auth.example.com:443 -client acme-portal -audience https://billing.acme.example \
//	  -permission billing:invoice:read < subject-token
//
// The secret of the client is in the environment variable COUNTERSIGN_SECRET.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	authv1 "countersign.example/go-client/gen/countersign/auth/v1"
)

//go:generate ./generate.sh

const jwtType = "urn:ietf:params:oauth:token-type:jwt"

// clientSecret sends id and secret with every call, over TLS alone.
type clientSecret struct{ id, secret string }

func (c clientSecret) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	pair := url.QueryEscape(c.id) + ":" + url.QueryEscape(c.secret)
	return map[string]string{"authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}, nil
}

func (c clientSecret) RequireTransportSecurity() bool { return true }

// Refusal is what Countersign refused, and why. Without a Reason somebody else on the way said no.
type Refusal struct {
	Status     string            `json:"status"`
	Message    string            `json:"message"`
	Reason     string            `json:"reason"`
	Domain     string            `json:"domain"`
	Metadata   map[string]string `json:"metadata"`
	Fields     []string          `json:"fields"`
	RetryAfter float64           `json:"retryAfterSeconds"`
	Help       []string          `json:"help"`
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s %s: %s", r.Status, r.Reason, r.Message) }

// refusalOf reads the details of an error; any other error comes back as it is.
func refusalOf(err error) error {
	told, ok := status.FromError(err)
	if !ok {
		return err
	}
	refusal := &Refusal{Status: told.Code().String(), Message: told.Message()}
	for _, detail := range told.Details() {
		switch each := detail.(type) {
		case *errdetails.ErrorInfo:
			refusal.Reason, refusal.Domain, refusal.Metadata = each.Reason, each.Domain, each.Metadata
		case *errdetails.BadRequest:
			for _, violation := range each.FieldViolations {
				refusal.Fields = append(refusal.Fields, violation.Field)
			}
		case *errdetails.RetryInfo:
			refusal.RetryAfter = each.RetryDelay.AsDuration().Seconds()
		case *errdetails.Help:
			for _, link := range each.Links {
				refusal.Help = append(refusal.Help, link.Url)
			}
		}
	}
	return refusal
}

type answer struct {
	TokenType string   `json:"tokenType,omitempty"`
	ExpiresIn int64    `json:"expiresInSeconds,omitempty"`
	Allowed   bool     `json:"allowed"`
	Code      string   `json:"code,omitempty"`
	Refusal   *Refusal `json:"refusal,omitempty"`
}

func main() {
	target := flag.String("target", "localhost:9090", "host:port, with TLS")
	roots := flag.String("roots", "", "PEM file of the authorities to trust; default: those of the system")
	client := flag.String("client", "", "client id")
	audience := flag.String("audience", "", "of the application")
	permission := flag.String("permission", "", "to ask about")
	timeout := flag.Duration("timeout", 5*time.Second, "of each call")
	flag.Parse()

	result, err := ask(*target, *roots, *client, *audience, *permission, *timeout)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		result = &answer{Refusal: refusal}
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(result)
}

func ask(target, roots, client, audience, permission string, timeout time.Duration) (*answer, error) {
	token, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	trusted, err := authorities(roots)
	if err != nil {
		return nil, err
	}
	connection, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12})),
		grpc.WithPerRPCCredentials(clientSecret{client, os.Getenv("COUNTERSIGN_SECRET")}))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	service := authv1.NewAuthServiceClient(connection)

	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	// A token from a file ends with a newline, which is no part of it.
	issued, err := service.ExchangeToken(ctx, &authv1.ExchangeTokenRequest{
		SubjectToken: strings.TrimSpace(string(token)), SubjectTokenType: jwtType, Audience: []string{audience},
	})
	if err != nil {
		return nil, refusalOf(err)
	}
	checked, err := service.CheckPermission(ctx, &authv1.CheckPermissionRequest{
		Subject:       &authv1.CheckSubject{By: &authv1.CheckSubject_Token{Token: issued.AccessToken}},
		Circumstances: &authv1.CheckCircumstances{Audience: audience},
		Item:          &authv1.CheckItem{Permission: permission},
	})
	if err != nil {
		return nil, refusalOf(err)
	}
	// A denial is an answer.
	decision := checked.Decision
	return &answer{TokenType: issued.TokenType, ExpiresIn: issued.ExpiresIn, Allowed: decision.Allowed, Code: decision.Code}, nil
}

func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}
