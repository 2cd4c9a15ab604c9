package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"lyceum/internal/platform/blob"
	"lyceum/internal/platform/config"
)

// deliveryFile is what a server at the edge is told.
type deliveryFile struct {
	// Keys are the secrets that paths are signed with, in hexadecimal, by ID.
	Keys map[string]string `json:"keys"`
	// Origins are whose pages may play media; "*" stands for one label of a host name.
	Origins []string `json:"origins"`
}

func newConfigDeliveryKeys() *cobra.Command {
	command := &cobra.Command{
		Use: "delivery-keys", Short: "Write what nginx or a CDN needs to check signed media paths", Args: cobra.NoArgs,
		Long: "Writes the keys that media paths are signed with, and the web origins that may play media, as JSON.\n" +
			"The keys are derived from signing.keys: they check and make media paths, and nothing else. Run it again,\n" +
			"and reload the edge, whenever signing.keys changes: when a key is added before it signs, and when an old one\n" +
			"is taken away.",
		Example: "  lyceum config delivery-keys --out=/etc/lyceum-media/delivery.json --origin=https://learn.acme.example",
	}
	out := command.Flags().String("out", "", "file to replace, readable by its owner alone; standard output without it")
	origins := command.Flags().StringSlice("origin", nil, "a tenant's own domain, as an origin; may be repeated")
	load := configured(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		text, err := deliveryText(c, *origins)
		if err != nil {
			return err
		}
		if *out == "" {
			command.Print(string(text))
			return nil
		}
		return replaceFile(*out, text)
	}
	return command
}

func deliveryText(c *config.Config, origins []string) ([]byte, error) {
	if err := c.Require("signing.keys"); err != nil {
		return nil, err
	}
	signer, err := (&app{config: c}).signer()
	if err != nil {
		return nil, err
	}
	told := deliveryFile{Keys: keysInHex(signer.PathKeys()), Origins: []string{
		c.Public.Origin(c.Public.BaseDomain), c.Public.Origin("*." + c.Public.BaseDomain),
	}}
	told.Origins = append(append(told.Origins, c.HTTP.AllowedOrigins...), origins...)
	text, err := json.MarshalIndent(told, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write delivery keys: %w", err)
	}
	return append(text, '\n'), nil
}

func keysInHex(keys []blob.SigningKey) map[string]string {
	written := make(map[string]string, len(keys))
	for _, key := range keys {
		written[key.ID] = hex.EncodeToString(key.Secret)
	}
	return written
}

// replaceFile puts a file in its place whole: a server that reloads reads the old one or the new one.
func replaceFile(name string, text []byte) error {
	// CreateTemp makes files that their owner alone can read.
	file, err := os.CreateTemp(filepath.Dir(name), ".delivery-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(file.Name()))
	}
	return nil
}
