package local

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// follow makes the data a copy of another cluster of ours, which it goes on to follow. The copy's superuser is the other's.
func (c *cluster) follow(ctx context.Context, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clear %s: %w", dir, err)
	}
	if err := c.user.own(dir); err != nil {
		return err
	}
	cmd := c.command(ctx, "pg_basebackup", "--pgdata="+dir, "--dbname="+c.follows, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_basebackup: %w: %s", err, strings.TrimSpace(string(said)))
	}
	return nil
}

// adopt takes over the password of the cluster that is followed.
func (c *cluster) adopt() error {
	if c.follows == "" {
		return nil
	}
	followed, err := url.Parse(c.follows)
	if err != nil {
		return fmt.Errorf("read the address of the cluster to follow: %w", err)
	}
	c.Password, _ = followed.User.Password()
	return nil
}
