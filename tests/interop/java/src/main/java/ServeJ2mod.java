// SPDX-License-Identifier: Apache-2.0

import com.ghgande.j2mod.modbus.procimg.SimpleProcessImage;
import com.ghgande.j2mod.modbus.procimg.SimpleRegister;
import com.ghgande.j2mod.modbus.slave.ModbusSlave;
import com.ghgande.j2mod.modbus.slave.ModbusSlaveFactory;
import java.net.InetAddress;

/** j2mod: a slave with a pool of five threads and one process image. */
public class ServeJ2mod {
    public static void main(String[] arguments) throws Exception {
        SimpleProcessImage image = new SimpleProcessImage(1);
        for (int i = 0; i < 200; i++) {
            image.addRegister(i, new SimpleRegister(1000 + i));
        }
        int port = Integer.parseInt(arguments[0]);
        ModbusSlave slave = ModbusSlaveFactory.createTCPSlave(InetAddress.getLoopbackAddress(), port, 5, false);
        slave.addProcessImage(1, image);
        slave.open();
        Thread.currentThread().join();
    }
}
