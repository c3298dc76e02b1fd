package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// The kernel's clock ticks per second as user space sees them, on every Linux.
const ticksPerSecond = 100

// usage is what a process has used so far.
type usage struct {
	cpuSeconds    float64
	residentBytes int64
}

func usageOf(pid int) (usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, err
	}
	// The name, in parentheses, may hold anything; the fields after it are numbers.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	numbers := make([]int64, 0, 3)
	for _, at := range []int{11, 12, 21} { // utime, stime, rss
		number, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return usage{}, err
		}
		numbers = append(numbers, number)
	}
	return usage{
		cpuSeconds:    float64(numbers[0]+numbers[1]) / ticksPerSecond,
		residentBytes: numbers[2] * int64(os.Getpagesize()),
	}, nil
}
