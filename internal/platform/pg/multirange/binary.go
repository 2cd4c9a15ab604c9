package multirange

import "encoding/binary"

// The binary form, as Postgres' multirange_send and range_send write it, all numbers big-endian: the number
// of ranges; then for each its length in bytes, a byte of flags, and each bound behind its own length.
const (
	// bounded are the flags of the only ranges there are in a canonical int4multirange: from included, to
	// excluded, neither infinite.
	bounded = 0x02
	// rangeLen is flags, and twice a length with four bytes.
	rangeLen = 1 + 2*(4+4)
)

func (m *Int4) parseBinary(src []byte) error {
	if len(src) < 4 {
		return ErrMalformed
	}
	n, rest := int(binary.BigEndian.Uint32(src)), src[4:]
	if len(rest)%(4+rangeLen) != 0 || len(rest)/(4+rangeLen) != n {
		return ErrMalformed
	}
	out := make(Int4, n)
	for i := range out {
		one := rest[i*(4+rangeLen):]
		if binary.BigEndian.Uint32(one) != rangeLen || one[4] != bounded ||
			binary.BigEndian.Uint32(one[5:]) != 4 || binary.BigEndian.Uint32(one[13:]) != 4 {
			return ErrMalformed
		}
		out[i] = Range{From: int32(binary.BigEndian.Uint32(one[9:])), To: int32(binary.BigEndian.Uint32(one[17:]))}
	}
	return m.take(out)
}
