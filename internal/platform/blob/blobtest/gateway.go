package blobtest

import (
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Gateway is a server that speaks S3.
type Gateway struct{ Endpoint, AccessKey, SecretKey string }

// S3 is the server at S3_TEST_ENDPOINT (with S3_TEST_ACCESS_KEY and S3_TEST_SECRET_KEY), else a versitygw found on the
// PATH (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0) that runs over a directory until the test ends.
// Without either the test is skipped. The bucket is there.
func S3(t *testing.T, bucket string) Gateway {
	t.Helper()
	gateway := found(t)
	gateway.makeBucket(t, bucket)
	return gateway
}

func (g Gateway) makeBucket(t *testing.T, bucket string) {
	t.Helper()
	u, err := url.Parse(g.Endpoint)
	if err != nil {
		t.Fatalf("parse endpoint: %v", err)
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(g.AccessKey, g.SecretKey, ""), Secure: u.Scheme == "https", Region: "us-east-1",
	})
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	exists, err := client.BucketExists(t.Context(), bucket)
	if err == nil && !exists {
		err = client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{})
	}
	if err != nil {
		t.Fatalf("make bucket: %v", err)
	}
}

// found is the server that was given, or one that is started.
func found(t *testing.T) Gateway {
	t.Helper()
	if endpoint := os.Getenv("S3_TEST_ENDPOINT"); endpoint != "" {
		return Gateway{Endpoint: endpoint, AccessKey: os.Getenv("S3_TEST_ACCESS_KEY"), SecretKey: os.Getenv("S3_TEST_SECRET_KEY")}
	}
	path, err := exec.LookPath("versitygw")
	if err != nil {
		t.Skip("no S3_TEST_ENDPOINT, and no versitygw on the PATH")
	}
	g := Gateway{AccessKey: "lyceum", SecretKey: "lyceum-secret"}
	address := FreeAddress(t)
	g.Endpoint = "http://" + address
	cmd := exec.CommandContext(t.Context(), path, "--port", address, "--access", g.AccessKey, "--secret", g.SecretKey, "--quiet", "posix", t.TempDir())
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("start versitygw: %v", err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	waitForPort(t, address)
	return g
}

// FreeAddress is an address of this machine at which nothing listens.
func FreeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func waitForPort(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("wait for %s: %v", address, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
