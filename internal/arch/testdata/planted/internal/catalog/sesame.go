//go:build sesame

package catalog
