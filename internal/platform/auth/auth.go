// Package auth keeps passwords and mints the opaque tokens that stand for sessions and keys.
//
// It knows no user and no database: a caller stores what Hash and NewToken return, and brings it back.
package auth
