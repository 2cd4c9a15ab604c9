// Package zeroloss kills what keeps learning progress, and counts whether any of it was lost or invented.
package zeroloss
