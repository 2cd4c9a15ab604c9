package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	// defaultTimeout is what connecting, and then sending, may each take.
	defaultTimeout = 15 * time.Second
	// The ports of submission: RFC 6409 and RFC 8314.
	submissionPort    = 587
	submissionTLSPort = 465
	// permanentCode is the first of the replies that mean no for good.
	permanentCode = 500
)

// schemeTLS is the scheme of a server that speaks TLS from the start.
const schemeTLS = "smtps"

// SMTPConfig says which server takes the mail.
type SMTPConfig struct {
	// URL is smtp://user:password@host:587 with STARTTLS, or smtps://user:password@host:465 with TLS from the start. The
	// parameter tls=opportunistic makes STARTTLS optional, and tls=off does without; credentials then go to
	// this machine itself only.
	URL string
	// Hello is the name this host gives itself; empty is its host name.
	Hello string
	// Timeout is what connecting, and then sending, may each take; 0 is 15 s.
	Timeout time.Duration
	// TLS, when not nil, says whom to trust.
	TLS *tls.Config
}

// SMTP sends messages to a server, each over a connection of its own.
type SMTP struct {
	host    string
	address string
	direct  bool
	tls     *tls.Config
	timeout time.Duration
	options []gomail.Option
}

var _ Sender = (*SMTP)(nil)

// NewSMTP returns a sender. It does not connect. The error is about the configuration, and never tells the password.
func NewSMTP(cfg SMTPConfig) (*SMTP, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, errors.New("configure SMTP: the URL cannot be parsed")
	}
	if u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != schemeTLS) || (u.Path != "" && u.Path != "/") {
		return nil, errors.New("configure SMTP: the URL must be smtp://host:port or smtps://host:port")
	}
	policy, err := tlsPolicy(u)
	if err != nil {
		return nil, err
	}
	port := submissionPort
	if u.Scheme == schemeTLS {
		port = submissionTLSPort
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, errors.New("configure SMTP: the port is no number")
		}
	}
	s := &SMTP{
		host: u.Hostname(), address: net.JoinHostPort(u.Hostname(), strconv.Itoa(port)), direct: u.Scheme == schemeTLS,
		tls: trust(cfg.TLS, u.Hostname()), timeout: cfg.Timeout,
	}
	if s.timeout == 0 {
		s.timeout = defaultTimeout
	}
	s.options = slices.Concat(policy, credentials(u), []gomail.Option{
		gomail.WithPort(port), gomail.WithTLSConfig(s.tls), gomail.WithoutNoop(), gomail.WithoutRset(),
	})
	if cfg.Hello != "" {
		s.options = append(s.options, gomail.WithHELO(cfg.Hello))
	}
	if _, err := gomail.NewClient(s.host, s.options...); err != nil {
		return nil, fmt.Errorf("configure SMTP: %w", err)
	}
	return s, nil
}

// tlsPolicy reads the parameters of the URL.
func tlsPolicy(u *url.URL) ([]gomail.Option, error) {
	query := u.Query()
	mode := query.Get("tls")
	if query.Del("tls"); len(query) > 0 {
		return nil, errors.New("configure SMTP: the URL may have the parameter tls, and no other")
	}
	password, _ := u.User.Password()
	switch {
	case u.Scheme == schemeTLS && mode == "":
		return []gomail.Option{gomail.WithSSL()}, nil
	case u.Scheme == schemeTLS:
		return nil, errors.New("configure SMTP: smtps always has TLS")
	case mode == "":
		return []gomail.Option{gomail.WithTLSPolicy(gomail.TLSMandatory)}, nil
	case mode != "off" && mode != "opportunistic":
		return nil, errors.New("configure SMTP: tls is opportunistic, off, or absent")
	case password != "" && !isLoopback(u.Hostname()):
		return nil, errors.New("configure SMTP: the password would travel in clear text")
	case mode == "off":
		return []gomail.Option{gomail.WithTLSPolicy(gomail.NoTLS)}, nil
	default:
		return []gomail.Option{gomail.WithTLSPolicy(gomail.TLSOpportunistic)}, nil
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func credentials(u *url.URL) []gomail.Option {
	password, has := u.User.Password()
	if !has {
		return nil
	}
	return []gomail.Option{
		gomail.WithUsername(u.User.Username()), gomail.WithPassword(password),
		gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin),
	}
}

func trust(given *tls.Config, host string) *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if given != nil {
		cfg = given.Clone()
	}
	cfg.ServerName = host
	return cfg
}

// Send implements Sender. It ends with the context. The server's refusal of the message or of its recipient is
// ErrPermanent; a refusal of us, such as of our password, is not: somebody can mend it.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := compose(m, time.Now())
	if err != nil {
		return err
	}
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	// Whatever happens, the connection ends here; and when the context ends, so does whatever waits for the server.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		if stop() {
			_ = conn.Close()
		}
	}()
	if err := s.talk(ctx, conn, msg); err != nil {
		return errors.Join(err, ctx.Err())
	}
	return nil
}

func (s *SMTP) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	connect := new(net.Dialer).DialContext
	if s.direct {
		connect = (&tls.Dialer{Config: s.tls}).DialContext
	}
	conn, err := connect(ctx, "tcp", s.address)
	if err != nil {
		return nil, fmt.Errorf("connect to mail server: %w", err)
	}
	return conn, nil
}

// talk greets the server, sends the message, and takes its leave.
func (s *SMTP) talk(ctx context.Context, conn net.Conn, msg *gomail.Msg) error {
	given := func(context.Context, string, string) (net.Conn, error) { return conn, nil }
	options := append([]gomail.Option{gomail.WithDialContextFunc(given), gomail.WithTimeout(s.timeout)}, s.options...)
	client, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return fmt.Errorf("configure SMTP: %w", err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("greet mail server: %w", err)
	}
	err = client.SendWithSMTPClient(session, msg)
	if msg.IsDelivered() {
		// The server has it. If it is rude when we leave, sending again would make two.
		_ = client.CloseWithSMTPClient(session)
		return nil
	}
	var refusal *gomail.SendError
	if errors.As(err, &refusal) && isFinal(refusal) {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	return fmt.Errorf("send mail: %w", err)
}

// isFinal reports whether the server has refused the recipient or the message for good. A refused sender is for the
// operator to mend.
func isFinal(refusal *gomail.SendError) bool {
	aboutMessage := refusal.Reason == gomail.ErrSMTPRcptTo || refusal.Reason == gomail.ErrSMTPData || refusal.Reason == gomail.ErrSMTPDataClose
	return aboutMessage && refusal.ErrorCode() >= permanentCode
}
