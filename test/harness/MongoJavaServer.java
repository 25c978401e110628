// Runs mongo-java-server in memory on a loopback port of the system's choice, for tests only.
// Prints "listening <port>" once it answers, and ends when its standard input closes, so it cannot outlive the run.

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

public final class MongoJavaServer {
  /** The driver refuses servers below wire version 9 and the server's own enumeration ends at 8. */
  private static final class Version implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(6, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 17;
    }
  }

  public static void main(String[] arguments) throws Exception {
    MongoServer server = new MongoServer(H2Backend.inMemory().version(new Version()));
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    System.out.println("listening " + server.getLocalAddress().getPort());
    System.out.flush();
    while (System.in.read() >= 0) {
      // Nothing is ever sent: the end of the stream is the message.
    }
    Runtime.getRuntime().halt(0);
  }
}
