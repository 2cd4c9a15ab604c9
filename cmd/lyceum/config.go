package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"lyceum/internal/platform/config"
)

func newConfig() *cobra.Command {
	command := &cobra.Command{Use: "config", Short: "Show and check the configuration"}
	command.AddCommand(newConfigPrint(), newConfigCheck(), newConfigKeys(), newConfigDeliveryKeys())
	return command
}

func newConfigPrint() *cobra.Command {
	command := &cobra.Command{
		Use: "print", Short: "Print what is in force and where it was set, with secrets masked", Args: cobra.NoArgs,
	}
	load := configured(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		for _, v := range c.Values() {
			command.Printf("%-28s %-40s %s\n", v.Key, v.Shown, v.Source)
		}
		return nil
	}
	return command
}

func newConfigCheck() *cobra.Command {
	command := &cobra.Command{Use: "check", Short: "Report every mistake at once", Args: cobra.NoArgs}
	load := configured(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		for _, name := range c.Unused {
			command.Printf("warning: %s means nothing here\n", name)
		}
		command.Println("The configuration is good.")
		return nil
	}
	return command
}

func newConfigKeys() *cobra.Command {
	return &cobra.Command{
		Use: "keys", Short: "List every key with its type, default, variables and meaning", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			for _, s := range config.Describe() {
				command.Printf("%s (%s, default %q)\n  %s\n  Accepts %s.\n  Set by %s%s\n\n",
					s.Key, s.Type, s.Default, s.Doc, s.Accepts, s.Env, flagHint(s.Flag))
			}
			return nil
		},
	}
}

func flagHint(flag string) string {
	if flag == "" {
		return ""
	}
	return fmt.Sprintf(" or --%s", flag)
}
