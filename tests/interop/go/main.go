// SPDX-License-Identifier: Apache-2.0

// simonvetter/modbus: a handler that knows unit 1 and 200 holding registers.
package main

import (
	"log"
	"os"

	"github.com/simonvetter/modbus"
)

type device struct{}

func (device) HandleCoils(*modbus.CoilsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}

func (device) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}

func (device) HandleInputRegisters(*modbus.InputRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}

func (device) HandleHoldingRegisters(request *modbus.HoldingRegistersRequest) ([]uint16, error) {
	if request.UnitId != 1 || request.IsWrite {
		return nil, modbus.ErrIllegalFunction
	}
	if int(request.Addr)+int(request.Quantity) > 200 {
		return nil, modbus.ErrIllegalDataAddress
	}
	var registers []uint16
	for i := uint16(0); i < request.Quantity; i++ {
		registers = append(registers, 1000+request.Addr+i)
	}
	return registers, nil
}

func main() {
	configuration := &modbus.ServerConfiguration{URL: "tcp://127.0.0.1:" + os.Args[1], MaxClients: 5}
	server, err := modbus.NewServer(configuration, device{})
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		log.Fatal(err)
	}
	select {}
}
