package mail_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"lyceum/internal/platform/mail"
)

// server is a mail server that does what its script says.
type server struct {
	mu       sync.Mutex
	received []delivery
	// refuse is given each step, "MAIL", "RCPT" or "DATA", and may object to it.
	refuse func(step string) error
	// password, if not empty, is asked for.
	password string
}

type delivery struct{ from, to, data string }

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &session{server: s, trusted: s.password == ""}, nil
}

func (s *server) object(step string) error {
	if s.refuse == nil {
		return nil
	}
	return s.refuse(step)
}

func (s *server) deliveries() []delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received
}

type session struct {
	server  *server
	current delivery
	trusted bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != "lyceum" || password != s.server.password {
			return smtp.ErrAuthFailed
		}
		s.trusted = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.trusted {
		return smtp.ErrAuthRequired
	}
	s.current.from = from
	return s.server.object("MAIL")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.current.to += to
	return s.server.object("RCPT")
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.server.object("DATA"); err != nil {
		return err
	}
	s.current.data = string(data)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.received = append(s.server.received, s.current)
	return nil
}

func (s *session) Reset() { s.current = delivery{} }

func (s *session) Logout() error { return nil }

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("Listen: %v", err)
	}
	return listener
}

// serve runs the server until the test ends, and returns its host and port. With a TLS configuration it offers STARTTLS;
// direct means TLS from the start.
func serve(t *testing.T, s *server, config *tls.Config, direct bool) string {
	t.Helper()
	listener := listen(t)
	address := listener.Addr().String()
	backend := smtp.NewServer(s)
	backend.Domain, backend.AllowInsecureAuth, backend.EnableSMTPUTF8 = "mail.example", true, true
	backend.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if direct {
		listener = tls.NewListener(listener, config)
	} else {
		backend.TLSConfig = config
	}
	served := make(chan error, 1)
	go func() { served <- backend.Serve(listener) }()
	t.Cleanup(func() {
		// A server that has not begun to serve yet does not know its listener.
		_, _ = listener.Close(), backend.Close()
		if err := <-served; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("serve mail: %v", err)
		}
	})
	return address
}

// certificate returns a server's configuration for 127.0.0.1, and a client's that trusts it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	web := httptest.NewUnstartedServer(nil)
	web.StartTLS()
	defer web.Close()
	pool := x509.NewCertPool()
	pool.AddCert(web.Certificate())
	return &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func newSMTP(t *testing.T, cfg mail.SMTPConfig) *mail.SMTP {
	t.Helper()
	sender, err := mail.NewSMTP(cfg)
	if err != nil {
		t.Fatalf("NewSMTP: %v", err)
	}
	return sender
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	onServer, onClient := certificate(t)
	for name, tt := range map[string]struct {
		scheme, user, query string
		config              *tls.Config
		direct              bool
		password            string
	}{
		"clear":                  {scheme: "smtp", query: "?tls=off"},
		"clear, password":        {scheme: "smtp", user: "lyceum:secret@", query: "?tls=off", password: "secret"},
		"opportunistic, without": {scheme: "smtp", query: "?tls=opportunistic"},
		"opportunistic, with":    {scheme: "smtp", query: "?tls=opportunistic", config: onServer},
		"STARTTLS":               {scheme: "smtp", config: onServer},
		"STARTTLS, password":     {scheme: "smtp", user: "lyceum:s%2Fcret@", config: onServer, password: "s/cret"},
		"TLS":                    {scheme: "smtps", config: onServer, direct: true},
		"TLS, password":          {scheme: "smtps", user: "lyceum:secret@", config: onServer, direct: true, password: "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{password: tt.password}
			address := serve(t, s, tt.config, tt.direct)
			sender := newSMTP(t, mail.SMTPConfig{URL: tt.scheme + "://" + tt.user + address + tt.query, Hello: "lms.example", TLS: onClient})
			for _, subject := range []string{"First", "Второе"} {
				if err := sender.Send(t.Context(), message(subject)); err != nil {
					t.Fatalf("Send: %v", err)
				}
			}
			got := s.deliveries()
			if len(got) != 2 || got[0].from != "no-reply@acme.example" || got[0].to != "ada@acme.example" {
				t.Fatalf("received %+v", got)
			}
			for _, header := range []string{"Subject: First\r\n", "Message-ID: <" + message("First").ID + ">\r\n", "Date: "} {
				if !strings.Contains(got[0].data, header) {
					t.Errorf("no %q in %q", header, got[0].data)
				}
			}
		})
	}
}

func TestSMTPRefused(t *testing.T) {
	t.Parallel()
	at := func(where string, code int) func(string) error {
		return func(step string) error {
			if step == where {
				return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: "no"}
			}
			return nil
		}
	}
	for name, tt := range map[string]struct {
		server    *server
		permanent bool
	}{
		"greylisted":        {&server{refuse: at("RCPT", 450)}, false},
		"nobody there":      {&server{refuse: at("RCPT", 550)}, true},
		"mailbox full":      {&server{refuse: at("DATA", 452)}, false},
		"spam":              {&server{refuse: at("DATA", 554)}, true},
		"sender, for now":   {&server{refuse: at("MAIL", 451)}, false},
		"sender, for good":  {&server{refuse: at("MAIL", 553)}, false},
		"password expected": {&server{password: "secret"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sender := newSMTP(t, mail.SMTPConfig{URL: "smtp://" + serve(t, tt.server, nil, false) + "?tls=off"})
			err := sender.Send(t.Context(), message("x"))
			if err == nil || errors.Is(err, mail.ErrPermanent) != tt.permanent {
				t.Errorf("Send = %v; permanent: want %v", err, tt.permanent)
			}
			if got := tt.server.deliveries(); len(got) != 0 {
				t.Errorf("received %+v", got)
			}
		})
	}
}

func TestSMTPDistrusts(t *testing.T) {
	t.Parallel()
	onServer, onClient := certificate(t)
	for name, tt := range map[string]struct {
		url    string
		config *tls.Config
		trust  *tls.Config
	}{
		"no TLS offered":      {"smtp://" + serve(t, &server{}, nil, false), nil, onClient},
		"unknown certificate": {"smtp://" + serve(t, &server{}, onServer, false), onServer, nil},
		"unknown, direct":     {"smtps://" + serve(t, &server{}, onServer, true), onServer, nil},
		"other name":          {"smtps://localhost:" + port(serve(t, &server{}, onServer, true)), onServer, onClient},
		"wrong password":      {"smtp://lyceum:wrong@" + serve(t, &server{password: "secret"}, onServer, false), onServer, onClient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sender := newSMTP(t, mail.SMTPConfig{URL: tt.url, TLS: tt.trust})
			err := sender.Send(t.Context(), message("x"))
			if err == nil || errors.Is(err, mail.ErrPermanent) {
				t.Errorf("Send = %v, want an error that may pass", err)
			}
			if err != nil && strings.Contains(err.Error(), "wrong@") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func port(address string) string {
	_, port, _ := strings.Cut(address, ":")
	return port
}

func TestSMTPDown(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	sender := newSMTP(t, mail.SMTPConfig{URL: "smtp://" + address})
	if err := sender.Send(t.Context(), message("x")); err == nil || errors.Is(err, mail.ErrPermanent) {
		t.Errorf("Send = %v, want an error that may pass", err)
	}
}

// tarpit accepts connections, greets if it is told to, and then says nothing. It returns its address and what tells of
// each connection that has ended.
func tarpit(t *testing.T, greeting string) (address string, ended <-chan struct{}) {
	t.Helper()
	listener := listen(t)
	t.Cleanup(func() { _ = listener.Close() })
	gone := make(chan struct{}, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.WriteString(conn, greeting)
				_, _ = io.Copy(io.Discard, bufio.NewReader(conn))
				_ = conn.Close()
				gone <- struct{}{}
			}()
		}
	}()
	return listener.Addr().String(), gone
}

func TestSMTPTarpit(t *testing.T) {
	t.Parallel()
	for name, greeting := range map[string]string{"silent": "", "greets": "220 mail.example ESMTP\r\n", "garbage": "HTTP/1.1 200 OK\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, ended := tarpit(t, greeting)
			sender := newSMTP(t, mail.SMTPConfig{URL: "smtp://" + address + "?tls=off", Timeout: 100 * time.Millisecond})
			begun := time.Now()
			if err := sender.Send(t.Context(), message("x")); err == nil || errors.Is(err, mail.ErrPermanent) {
				t.Errorf("Send = %v, want an error that may pass", err)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("Send took %v", took)
			}
			<-ended // The connection is not left open.
		})
	}
}

func TestSMTPEndsWithContext(t *testing.T) {
	t.Parallel()
	address, ended := tarpit(t, "220 mail.example ESMTP\r\n")
	sender := newSMTP(t, mail.SMTPConfig{URL: "smtp://" + address + "?tls=off", Timeout: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := sender.Send(ctx, message("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Send = %v, want context.DeadlineExceeded", err)
	}
	<-ended
}

// TestSMTPRudeServer closes the connection as soon as it has the message: sending again would make two.
func TestSMTPRudeServer(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "220 mail.example\r\n")
		lines := bufio.NewScanner(conn)
		answers := map[string]string{"EHLO": "250 mail.example", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go", ".": "250 ok"}
		for lines.Scan() {
			word, _, _ := strings.Cut(lines.Text(), " ")
			if answer, known := answers[word]; known {
				_, _ = io.WriteString(conn, answer+"\r\n")
			}
			if word == "." {
				return
			}
		}
	}()
	sender := newSMTP(t, mail.SMTPConfig{URL: "smtp://" + listener.Addr().String() + "?tls=off"})
	if err := sender.Send(t.Context(), message("x")); err != nil {
		t.Errorf("Send = %v, want nil", err)
	}
}

func TestSMTPRefusesMalformedMessage(t *testing.T) {
	t.Parallel()
	s := &server{}
	sender := newSMTP(t, mail.SMTPConfig{URL: "smtp://" + serve(t, s, nil, false) + "?tls=off"})
	m := message("x")
	m.To.Email += "\r\nRCPT TO:<evil@example.com>"
	if err := sender.Send(t.Context(), m); !errors.Is(err, mail.ErrPermanent) {
		t.Errorf("Send = %v, want ErrPermanent", err)
	}
	if got := s.deliveries(); len(got) != 0 {
		t.Errorf("received %+v", got)
	}
}

func TestNewSMTPRefuses(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"empty":                    "",
		"no scheme":                "mail.example:25",
		"other scheme":             "http://mail.example",
		"no host":                  "smtp://",
		"path":                     "smtp://mail.example/inbox",
		"not a URL":                "smtp://user:hunter2@host:port:port",
		"port out of range":        "smtp://mail.example:99999",
		"unknown parameter":        "smtp://mail.example?timeout=5",
		"unknown TLS":              "smtp://mail.example?tls=maybe",
		"smtps without":            "smtps://mail.example?tls=off",
		"password in the clear":    "smtp://lyceum:hunter2@mail.example?tls=off",
		"password, perhaps clear":  "smtp://lyceum:hunter2@mail.example?tls=opportunistic",
		"password to a lookalike":  "smtp://lyceum:hunter2@localhost.example?tls=off",
		"password to another host": "smtp://lyceum:hunter2@192.0.2.1?tls=off",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := mail.NewSMTP(mail.SMTPConfig{URL: url})
			if err == nil {
				t.Fatal("NewSMTP = nil, want an error")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
	for _, url := range []string{"smtp://mail.example", "smtps://a:b@mail.example", "smtp://a:b@localhost:25?tls=off", "smtp://a:b@[::1]:25?tls=off"} {
		if _, err := mail.NewSMTP(mail.SMTPConfig{URL: url}); err != nil {
			t.Errorf("NewSMTP(%q) = %v", url, err)
		}
	}
}
