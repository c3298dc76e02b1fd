package main

import "encoding/binary"

// The protobuf wire format, as far as spans need it.

func appendKey(to []byte, field, wireType int) []byte {
	return binary.AppendUvarint(to, uint64(field<<3|wireType))
}

func appendVarint(to []byte, field int, value uint64) []byte {
	return binary.AppendUvarint(appendKey(to, field, 0), value)
}

func appendFixed64(to []byte, field int, value uint64) []byte {
	return binary.LittleEndian.AppendUint64(appendKey(to, field, 1), value)
}

func appendBytes(to []byte, field int, value []byte) []byte {
	return append(binary.AppendUvarint(appendKey(to, field, 2), uint64(len(value))), value...)
}

func textAttribute(key, value string) []byte {
	return attribute(key, appendBytes(nil, 1, []byte(value)))
}

func boolAttribute(key string, value bool) []byte {
	number := uint64(0)
	if value {
		number = 1
	}
	return attribute(key, appendVarint(nil, 2, number))
}

func intAttribute(key string, value int) []byte {
	return attribute(key, appendVarint(nil, 3, uint64(value)))
}

func attribute(key string, value []byte) []byte {
	return appendBytes(appendBytes(nil, 1, []byte(key)), 2, value)
}

// rawCodec hands encoded messages to gRPC as they are.
type rawCodec struct{}

func (rawCodec) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }

func (rawCodec) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (rawCodec) Name() string { return "proto" }
