package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
)

// The fields of pprof's profile.proto that it takes to add up samples by label.
const (
	profileSample, profileString = 2, 6
	sampleValue, sampleLabel     = 2, 3
	labelKey, labelText          = 1, 2
	// cpuValue is the place of the nanoseconds among a sample's values; before them stands how many samples they are.
	cpuValue = 1
)

var errProfile = errors.New("not a profile")

// profileByLabel adds up the seconds of a processor profile by the value that its samples have of a label; "" for none.
func profileByLabel(zipped []byte, label string) (map[string]float64, error) {
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, err
	}
	profile, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var texts []string
	err = eachField(profile, func(number int, _ uint64, content []byte) error {
		if number == profileString {
			texts = append(texts, string(content))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	used := map[string]float64{}
	err = eachField(profile, func(number int, _ uint64, content []byte) error {
		if number != profileSample {
			return nil
		}
		value, seconds, err := readSample(content, texts, label)
		used[value] += seconds
		return err
	})
	return used, err
}

// readSample gives a sample's value of a label, and its seconds.
func readSample(sample []byte, texts []string, label string) (value string, seconds float64, err error) {
	var values []uint64
	err = eachField(sample, func(number int, v uint64, content []byte) error {
		switch {
		case number == sampleValue && content == nil:
			values = append(values, v)
		case number == sampleValue: // many at once
			for len(content) > 0 {
				v, n := binary.Uvarint(content)
				if n <= 0 {
					return errProfile
				}
				values, content = append(values, v), content[n:]
			}
		case number == sampleLabel:
			key, text, err := readLabel(content, texts)
			if key == label {
				value = text
			}
			return err
		}
		return nil
	})
	if err == nil && len(values) <= cpuValue {
		err = errProfile
	}
	if err != nil {
		return "", 0, err
	}
	return value, float64(values[cpuValue]) / 1e9, nil
}

func readLabel(content []byte, texts []string) (key, text string, err error) {
	var at [labelText + 1]uint64
	err = eachField(content, func(number int, v uint64, _ []byte) error {
		if number <= labelText {
			at[number] = v
		}
		return nil
	})
	if err != nil || max(at[labelKey], at[labelText]) >= uint64(len(texts)) {
		return "", "", errors.Join(errProfile, err)
	}
	return texts[at[labelKey]], texts[at[labelText]], nil
}

// eachField walks through the fields of a message of protocol buffers: numbers, or content of a length.
func eachField(message []byte, do func(number int, value uint64, content []byte) error) error {
	const number, lengthDelimited = 0, 2
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 {
			return errProfile
		}
		message = message[n:]
		value, n := binary.Uvarint(message)
		if n <= 0 {
			return errProfile
		}
		message = message[n:]
		var content []byte
		switch key & 7 {
		case number:
		case lengthDelimited:
			if value > uint64(len(message)) {
				return errProfile
			}
			content, message = message[:value], message[value:]
		default:
			return errProfile
		}
		if err := do(int(key>>3), value, content); err != nil {
			return err
		}
	}
	return nil
}
