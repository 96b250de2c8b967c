// SPDX-License-Identifier: Apache-2.0

import com.digitalpetri.modbus.server.ModbusTcpServer;
import com.digitalpetri.modbus.server.ProcessImage;
import com.digitalpetri.modbus.server.ReadWriteModbusServices;
import com.digitalpetri.modbus.tcp.server.NettyTcpServerTransport;
import java.util.Map;
import java.util.Optional;

/** digitalpetri: services over a process image, which unit 1 alone has. */
public class ServeDigitalpetri {
    private static void fill(Map<Integer, byte[]> registers) {
        for (int i = 0; i < 200; i++) {
            int value = 1000 + i;
            registers.put(i, new byte[] {(byte) (value >> 8), (byte) value});
        }
    }

    public static void main(String[] arguments) throws Exception {
        ProcessImage image = new ProcessImage();
        image.with(transaction -> transaction.writeHoldingRegisters(ServeDigitalpetri::fill));
        var transport = NettyTcpServerTransport.create(configuration -> {
            configuration.bindAddress = "127.0.0.1";
            configuration.port = Integer.parseInt(arguments[0]);
        });
        var services = new ReadWriteModbusServices() {
            @Override
            protected Optional<ProcessImage> getProcessImage(int unit) {
                return unit == 1 ? Optional.of(image) : Optional.empty();
            }
        };
        ModbusTcpServer.create(transport, services).start();
        Thread.currentThread().join();
    }
}
