import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBRequestHandler;
import com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBRequestHandler;
import com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBServerHandler;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Starts DynamoDB Local in memory as its own main program does, but on the loopback address only, without the call that
 * reports its use to its maker, and with its test control: a PutItem to the table "[TEST_CONTROL]" with ACTION=ROLLOVER
 * closes every shard that has records and opens a child, ACTION=DILATE_TIME with HOURS=n makes all that exists n hours older
 * (both within the database of the caller's access key and region).
 */
public final class Launcher {
  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    Logger.getLogger("com.almworks.sqlite4java").setLevel(Level.WARNING);
    Server server = serverOf(new DynamoDBProxyServer(port, new LocalDynamoDBServerHandler(requests(), "*")));
    for (Connector connector : server.getConnectors()) ((ServerConnector) connector).setHost("127.0.0.1");
    server.start();
    server.join();
  }

  /** In memory, a database for each access key and region, with test control: the constructor that is not public. */
  private static DynamoDBRequestHandler requests() throws ReflectiveOperationException {
    Constructor<LocalDynamoDBRequestHandler> constructor =
        LocalDynamoDBRequestHandler.class.getDeclaredConstructor(
            int.class, boolean.class, String.class, boolean.class, boolean.class, boolean.class);
    constructor.setAccessible(true);
    return constructor.newInstance(0, true, null, false, false, true);
  }

  private static Server serverOf(DynamoDBProxyServer proxy) throws ReflectiveOperationException {
    Field server = DynamoDBProxyServer.class.getDeclaredField("server");
    server.setAccessible(true);
    return (Server) server.get(proxy);
  }
}
