package e2e

import "strconv"

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
