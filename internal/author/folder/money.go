package folder

import "golang.org/x/text/currency"

// currencyDecimals returns how many decimals amounts of the currency have: 2 for EUR, 0 for JPY.
func currencyDecimals(code string) (int, bool) {
	unit, err := currency.ParseISO(code)
	if err != nil || unit.String() != code {
		return 0, false
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale, true
}
