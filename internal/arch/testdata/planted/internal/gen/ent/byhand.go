// Package ent is no place for a file without the marker.
package ent
