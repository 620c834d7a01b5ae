// The groups under which artifacts were published that carry no Maven metadata: built by Ant or
// Gradle, or before Maven. The rows are facts of the Maven Central repository. A name that ends in
// "*" stands for all that begin so; a row with a package holds only for jars whose classes lie
// there (or that have none), so that a namesake is not taken for the other. `moved` holds what
// older versions stood under before a project changed its group; the jars of Tomcat and Cassandra
// are called otherwise in the project's own distribution than in the repository.
#include <algorithm>
#include <span>

#include "base/text.h"
#include "catalogers/java_identity.h"
#include "versions/versions.h"

namespace boltseal {
namespace {

struct Row {
  std::string_view artifact, classes, group;
};

// More special names come before those that cover them.
constexpr Row rows[] = {
    {"activation", "", "javax.activation"},
    {"ant", "org.apache.tools", "org.apache.ant"},
    {"ant-*", "org.apache.tools", "org.apache.ant"},
    {"antlr", "antlr", "antlr"},
    {"antlr-runtime", "org.antlr", "org.antlr"},
    {"antlr4*", "org.antlr", "org.antlr"},
    {"aopalliance", "org.aopalliance", "aopalliance"},
    {"asm", "org.objectweb.asm", "org.ow2.asm"},
    {"asm-*", "org.objectweb.asm", "org.ow2.asm"},
    {"aspectjrt", "org.aspectj", "org.aspectj"},
    {"aspectjtools", "", "org.aspectj"},
    {"aspectjweaver", "org.aspectj", "org.aspectj"},
    {"avalon-framework", "org.apache.avalon", "avalon-framework"},
    {"axis", "org.apache.axis", "axis"},
    {"axis-jaxrpc", "", "org.apache.axis"},
    {"axis-saaj", "", "org.apache.axis"},
    {"axis-wsdl4j", "", "axis"},
    {"batik-*", "org.apache.batik", "org.apache.xmlgraphics"},
    {"bcmail-*", "", "org.bouncycastle"},
    {"bcpg-*", "", "org.bouncycastle"},
    {"bcpkix-*", "", "org.bouncycastle"},
    {"bcprov-*", "", "org.bouncycastle"},
    {"bctls-*", "", "org.bouncycastle"},
    {"bcutil-*", "", "org.bouncycastle"},
    {"bsf", "org.apache.bsf", "bsf"},
    {"bsh", "bsh", "org.beanshell"},
    {"byte-buddy*", "net.bytebuddy", "net.bytebuddy"},
    {"c3p0", "com.mchange", "com.mchange"},
    {"cglib*", "net.sf.cglib", "cglib"},
    {"caffeine", "com.github.benmanes", "com.github.ben-manes.caffeine"},
    {"checker-qual", "org.checkerframework", "org.checkerframework"},
    {"classmate", "com.fasterxml.classmate", "com.fasterxml"},
    {"commonj.sdo", "commonj.sdo", "org.eclipse.persistence"},
    {"commons-collections4", "", "org.apache.commons"},
    {"commons-compress", "", "org.apache.commons"},
    {"commons-configuration2", "", "org.apache.commons"},
    {"commons-csv", "", "org.apache.commons"},
    {"commons-dbcp2", "", "org.apache.commons"},
    {"commons-email", "", "org.apache.commons"},
    {"commons-exec", "", "org.apache.commons"},
    {"commons-jexl*", "", "org.apache.commons"},
    {"commons-lang3", "", "org.apache.commons"},
    {"commons-math*", "org.apache.commons.math3", "org.apache.commons"},
    {"commons-pool2", "", "org.apache.commons"},
    {"commons-text", "", "org.apache.commons"},
    {"commons-vfs2", "", "org.apache.commons"},
    {"commons-beanutils*", "org.apache.commons", "commons-beanutils"},
    {"commons-chain", "org.apache.commons", "commons-chain"},
    {"commons-cli", "org.apache.commons", "commons-cli"},
    {"commons-codec", "org.apache.commons", "commons-codec"},
    {"commons-collections", "org.apache.commons", "commons-collections"},
    {"commons-configuration", "org.apache.commons", "commons-configuration"},
    {"commons-daemon", "org.apache.commons", "commons-daemon"},
    {"commons-dbcp", "org.apache.commons", "commons-dbcp"},
    {"commons-digester", "org.apache.commons", "commons-digester"},
    {"commons-discovery", "org.apache.commons", "commons-discovery"},
    {"commons-el", "org.apache.commons", "commons-el"},
    {"commons-fileupload", "org.apache.commons", "commons-fileupload"},
    {"commons-httpclient", "org.apache.commons", "commons-httpclient"},
    {"commons-io", "org.apache.commons", "commons-io"},
    {"commons-jxpath", "org.apache.commons", "commons-jxpath"},
    {"commons-lang", "org.apache.commons", "commons-lang"},
    {"commons-logging*", "org.apache.commons", "commons-logging"},
    {"commons-net", "org.apache.commons", "commons-net"},
    {"commons-pool", "org.apache.commons", "commons-pool"},
    {"commons-primitives", "org.apache.commons", "commons-primitives"},
    {"commons-validator", "org.apache.commons", "commons-validator"},
    {"commons-vfs", "org.apache.commons", "commons-vfs"},
    {"derby*", "org.apache.derby", "org.apache.derby"},
    {"dagger*", "dagger", "com.google.dagger"},
    {"dom4j", "org.dom4j", "org.dom4j"},
    {"ecj", "org.eclipse.jdt", "org.eclipse.jdt"},
    {"ehcache", "net.sf.ehcache", "net.sf.ehcache"},
    {"ehcache", "org.ehcache", "org.ehcache"},
    {"elasticsearch", "org.elasticsearch", "org.elasticsearch"},
    {"freemarker", "freemarker", "org.freemarker"},
    {"geronimo-*", "javax", "org.apache.geronimo.specs"},
    {"gradle-*", "org.gradle", "org.gradle"},
    {"groovy", "groovy", "org.apache.groovy"},
    {"groovy*", "org.codehaus.groovy", "org.apache.groovy"},
    {"groovy*", "org.apache.groovy", "org.apache.groovy"},
    {"graphql-java", "graphql", "com.graphql-java"},
    {"grpc-*", "io.grpc", "io.grpc"},
    {"gson", "com.google.gson", "com.google.code.gson"},
    {"guava*", "com.google", "com.google.guava"},
    {"guice", "com.google.inject", "com.google.inject"},
    {"guice-*", "com.google.inject", "com.google.inject.extensions"},
    {"gwt-dev", "", "org.gwtproject"},
    {"gwt-servlet", "", "org.gwtproject"},
    {"gwt-user", "", "org.gwtproject"},
    {"h2", "org.h2", "com.h2database"},
    {"hamcrest*", "org.hamcrest", "org.hamcrest"},
    {"hadoop-*", "org.apache.hadoop", "org.apache.hadoop"},
    {"hazelcast*", "com.hazelcast", "com.hazelcast"},
    {"hibernate-validator*", "org.hibernate.validator", "org.hibernate.validator"},
    {"hibernate-commons-annotations", "org.hibernate", "org.hibernate.common"},
    {"hibernate-jpa-*", "javax.persistence", "org.hibernate.javax.persistence"},
    {"hibernate-search-*", "org.hibernate", "org.hibernate.search"},
    {"hibernate-*", "org.hibernate", "org.hibernate.orm"},
    {"hsqldb", "org.hsqldb", "org.hsqldb"},
    {"htmlunit*", "com.gargoylesoftware", "net.sourceforge.htmlunit"},
    {"httpasyncclient*", "org.apache.http", "org.apache.httpcomponents"},
    {"httpclient*", "org.apache.http", "org.apache.httpcomponents"},
    {"httpcore*", "org.apache.http", "org.apache.httpcomponents"},
    {"httpmime", "org.apache.http", "org.apache.httpcomponents"},
    {"httpclient5*", "org.apache.hc", "org.apache.httpcomponents.client5"},
    {"httpcore5*", "org.apache.hc", "org.apache.httpcomponents.core5"},
    {"icu4j*", "com.ibm.icu", "com.ibm.icu"},
    {"itext", "com.lowagie", "com.lowagie"},
    {"itextpdf", "com.itextpdf", "com.itextpdf"},
    {"ivy", "org.apache.ivy", "org.apache.ivy"},
    {"j2objc-annotations", "com.google.j2objc", "com.google.j2objc"},
    {"jackson-core-asl", "org.codehaus.jackson", "org.codehaus.jackson"},
    {"jackson-jaxrs", "org.codehaus.jackson", "org.codehaus.jackson"},
    {"jackson-mapper-*", "org.codehaus.jackson", "org.codehaus.jackson"},
    {"jackson-module-*", "com.fasterxml.jackson", "com.fasterxml.jackson.module"},
    {"jackson-smile", "org.codehaus.jackson", "org.codehaus.jackson"},
    {"jackson-xc", "org.codehaus.jackson", "org.codehaus.jackson"},
    {"jakarta.persistence", "javax.persistence", "org.eclipse.persistence"},
    {"janino", "org.codehaus", "org.codehaus.janino"},
    {"jansi", "org.fusesource", "org.fusesource.jansi"},
    {"javassist", "javassist", "org.javassist"},
    {"javax.inject", "javax.inject", "javax.inject"},
    {"javax.persistence", "javax.persistence", "org.eclipse.persistence"},
    {"javax.servlet-api", "javax.servlet", "javax.servlet"},
    {"jaxb-api", "javax.xml.bind", "javax.xml.bind"},
    {"jaxb-core", "com.sun", "com.sun.xml.bind"},
    {"jaxb-impl", "com.sun", "com.sun.xml.bind"},
    {"jaxb-xjc", "com.sun", "com.sun.xml.bind"},
    {"jaxen", "org.jaxen", "jaxen"},
    {"jboss-logging", "org.jboss.logging", "org.jboss.logging"},
    {"jcip-annotations", "net.jcip", "net.jcip"},
    {"jcl-over-slf4j", "", "org.slf4j"},
    {"jcommander", "com.beust", "com.beust"},
    {"jdom", "org.jdom", "org.jdom"},
    {"jdom2", "org.jdom2", "org.jdom"},
    {"jersey-*", "com.sun.jersey", "com.sun.jersey"},
    {"jersey-*", "org.glassfish.jersey", "org.glassfish.jersey.core"},
    {"jetty-*", "org.eclipse.jetty", "org.eclipse.jetty"},
    {"jfreechart", "org.jfree", "org.jfree"},
    {"jgroups", "org.jgroups", "org.jgroups"},
    {"jline", "jline", "jline"},
    {"jmock*", "org.jmock", "org.jmock"},
    {"jna", "com.sun.jna", "net.java.dev.jna"},
    {"jna-platform", "com.sun.jna", "net.java.dev.jna"},
    {"joda-time", "org.joda.time", "joda-time"},
    {"jruby*", "org.jruby", "org.jruby"},
    {"jsch", "com.jcraft.jsch", "com.jcraft"},
    {"jsinterop-annotations", "jsinterop", "com.google.jsinterop"},
    {"jsp-api", "javax", "javax.servlet.jsp"},
    {"jsr305", "javax.annotation", "com.google.code.findbugs"},
    {"jsr311-api", "javax.ws.rs", "javax.ws.rs"},
    {"jsr250-api", "javax.annotation", "javax.annotation"},
    {"jstl", "", "javax.servlet"},
    {"jta", "javax.transaction", "javax.transaction"},
    {"jul-to-slf4j", "org.slf4j", "org.slf4j"},
    {"junit", "", "junit"},
    {"junit-jupiter*", "org.junit", "org.junit.jupiter"},
    {"junit-platform-*", "org.junit", "org.junit.platform"},
    {"junit-vintage-*", "org.junit", "org.junit.vintage"},
    {"jython*", "org.python", "org.python"},
    {"jzlib", "com.jcraft.jzlib", "com.jcraft"},
    {"kafka-*", "org.apache.kafka", "org.apache.kafka"},
    {"kafka_*", "", "org.apache.kafka"},
    {"jodd-*", "jodd", "org.jodd"},
    {"kotlin-*", "kotlin", "org.jetbrains.kotlin"},
    {"kotlinx-*", "kotlinx", "org.jetbrains.kotlinx"},
    {"log4j", "org.apache.log4j", "log4j"},
    {"log4j-1.2-api", "", "org.apache.logging.log4j"},
    {"log4j-over-slf4j", "", "org.slf4j"},
    {"log4j-*", "org.apache.logging", "org.apache.logging.log4j"},
    {"logkit", "org.apache.log", "logkit"},
    {"lombok", "lombok", "org.projectlombok"},
    {"lucene-*", "org.apache.lucene", "org.apache.lucene"},
    {"mail", "", "javax.mail"},
    {"mariadb-java-client", "org.mariadb", "org.mariadb.jdbc"},
    {"micrometer-*", "io.micrometer", "io.micrometer"},
    {"mockito-*", "org.mockito", "org.mockito"},
    {"moshi*", "com.squareup.moshi", "com.squareup.moshi"},
    {"msgpack*", "org.msgpack", "org.msgpack"},
    {"mssql-jdbc", "com.microsoft", "com.microsoft.sqlserver"},
    {"mx4j*", "", "mx4j"},
    {"mysql-connector-java", "com.mysql", "mysql"},
    {"mysql-connector-j", "com.mysql", "com.mysql"},
    {"nekohtml", "org.cyberneko", "net.sourceforge.nekohtml"},
    {"netty", "org.jboss.netty", "io.netty"},
    {"netty-*", "io.netty", "io.netty"},
    {"objenesis", "org.objenesis", "org.objenesis"},
    {"ognl", "ognl", "ognl"},
    {"ojdbc*", "oracle", "com.oracle.database.jdbc"},
    {"okhttp", "okhttp3", "com.squareup.okhttp3"},
    {"okhttp", "com.squareup.okhttp", "com.squareup.okhttp"},
    {"okhttp-*", "okhttp3", "com.squareup.okhttp3"},
    {"logging-interceptor", "okhttp3", "com.squareup.okhttp3"},
    {"okio*", "okio", "com.squareup.okio"},
    {"ons", "oracle", "com.oracle.database.ha"},
    {"opentelemetry-*", "io.opentelemetry", "io.opentelemetry"},
    {"oraclepki", "oracle", "com.oracle.database.security"},
    {"org.eclipse.core.*", "", "org.eclipse.platform"},
    {"org.eclipse.equinox.*", "", "org.eclipse.platform"},
    {"org.eclipse.osgi*", "", "org.eclipse.platform"},
    {"org.osgi.*", "org.osgi", "org.osgi"},
    {"oro", "org.apache.oro", "oro"},
    {"osdt_*", "oracle", "com.oracle.database.security"},
    {"picocli*", "picocli", "info.picocli"},
    {"poi*", "org.apache.poi", "org.apache.poi"},
    {"portlet-api", "javax.portlet", "javax.portlet"},
    {"postgresql", "org.postgresql", "org.postgresql"},
    {"protobuf-*", "com.google.protobuf", "com.google.protobuf"},
    {"quartz*", "org.quartz", "org.quartz-scheduler"},
    {"reactive-streams", "org.reactivestreams", "org.reactivestreams"},
    {"reactor-core", "reactor", "io.projectreactor"},
    {"reactor-netty*", "reactor.netty", "io.projectreactor.netty"},
    {"retrofit*", "retrofit2", "com.squareup.retrofit2"},
    {"rhino", "org.mozilla", "org.mozilla"},
    {"rxjava", "rx", "io.reactivex"},
    {"rxjava", "io.reactivex.rxjava3", "io.reactivex.rxjava3"},
    {"rxjava", "io.reactivex", "io.reactivex.rxjava2"},
    {"scala-collection-compat_*", "scala", "org.scala-lang.modules"},
    {"scala-java8-compat_*", "scala", "org.scala-lang.modules"},
    {"scala-parallel-collections_*", "scala", "org.scala-lang.modules"},
    {"scala-parser-combinators_*", "scala", "org.scala-lang.modules"},
    {"scala-swing_*", "scala", "org.scala-lang.modules"},
    {"scala-xml_*", "scala", "org.scala-lang.modules"},
    {"scala-*", "scala", "org.scala-lang"},
    {"scala3-*", "scala", "org.scala-lang"},
    {"selenium-*", "org.openqa.selenium", "org.seleniumhq.selenium"},
    {"serializer", "org.apache.xml", "xalan"},
    {"servlet-api", "javax.servlet", "javax.servlet"},
    {"simplefan", "oracle", "com.oracle.database.ha"},
    {"sis-feature", "org.apache.sis", "org.apache.sis.core"},
    {"sis-metadata", "org.apache.sis", "org.apache.sis.core"},
    {"sis-netcdf", "org.apache.sis", "org.apache.sis.storage"},
    {"sis-referencing", "org.apache.sis", "org.apache.sis.core"},
    {"sis-storage", "org.apache.sis", "org.apache.sis.storage"},
    {"sis-utility", "org.apache.sis", "org.apache.sis.core"},
    {"sis-xmlstore", "org.apache.sis", "org.apache.sis.storage"},
    {"slf4j-*", "org.slf4j", "org.slf4j"},
    {"solr-*", "org.apache.solr", "org.apache.solr"},
    {"spring-amqp*", "org.springframework", "org.springframework.amqp"},
    {"spring-batch-*", "org.springframework", "org.springframework.batch"},
    {"spring-graphql*", "org.springframework", "org.springframework.graphql"},
    {"spring-hateoas", "org.springframework", "org.springframework.hateoas"},
    {"spring-ldap-*", "org.springframework", "org.springframework.ldap"},
    {"spring-plugin-*", "org.springframework", "org.springframework.plugin"},
    {"spring-rabbit*", "org.springframework", "org.springframework.amqp"},
    {"spring-restdocs-*", "org.springframework", "org.springframework.restdocs"},
    {"spring-retry", "org.springframework", "org.springframework.retry"},
    {"spring-shell-*", "org.springframework", "org.springframework.shell"},
    {"spring-statemachine-*", "org.springframework", "org.springframework.statemachine"},
    {"spring-vault-*", "org.springframework", "org.springframework.vault"},
    {"spring-webflow", "org.springframework", "org.springframework.webflow"},
    {"spring-boot*", "org.springframework.boot", "org.springframework.boot"},
    {"spring-cloud-*", "org.springframework.cloud", "org.springframework.cloud"},
    {"spring-data-*", "org.springframework.data", "org.springframework.data"},
    {"spring-integration-*", "org.springframework.integration", "org.springframework.integration"},
    {"spring-kafka*", "org.springframework.kafka", "org.springframework.kafka"},
    {"spring-security-*", "org.springframework.security", "org.springframework.security"},
    {"spring-session-*", "org.springframework.session", "org.springframework.session"},
    {"spring-ws-*", "org.springframework.ws", "org.springframework.ws"},
    {"spring-jcl", "org.apache.commons", "org.springframework"},
    {"spring", "org.springframework", "org.springframework"},
    {"spring-*", "org.springframework", "org.springframework"},
    {"sqlite-jdbc", "org.sqlite", "org.xerial"},
    {"standard", "org.apache.taglibs", "taglibs"},
    {"stax-api", "javax.xml.stream", "javax.xml.stream"},
    {"stax2-api", "org.codehaus.stax2", "org.codehaus.woodstox"},
    {"struts", "org.apache.struts", "struts"},
    {"testng", "org.testng", "org.testng"},
    {"tomcat-embed-*", "", "org.apache.tomcat.embed"},
    {"tomcat-*", "", "org.apache.tomcat"},
    {"ucp*", "oracle", "com.oracle.database.jdbc"},
    {"validation-api", "javax.validation", "javax.validation"},
    {"velocity", "org.apache.velocity", "org.apache.velocity"},
    {"velocity-dep", "", "velocity"},
    {"wsdl4j", "", "wsdl4j"},
    {"wstx-asl", "com.ctc.wstx", "org.codehaus.woodstox"},
    {"xalan", "", "xalan"},
    {"xercesImpl", "", "xerces"},
    {"xercesMinimal", "", "xerces"},
    {"xml-apis*", "", "xml-apis"},
    {"xml-resolver", "org.apache.xml", "xml-resolver"},
    {"xmlbeans", "org.apache.xmlbeans", "org.apache.xmlbeans"},
    {"xom", "nu.xom", "xom"},
    {"xmlpull", "org.xmlpull", "xmlpull"},
    {"xmlrpc-*", "org.apache.xmlrpc", "org.apache.xmlrpc"},
    {"xpp3*", "org.xmlpull", "xpp3"},
    {"xstream", "com.thoughtworks.xstream", "com.thoughtworks.xstream"},
    {"xz", "org.tukaani", "org.tukaani"},
    {"zookeeper", "org.apache.zookeeper", "org.apache.zookeeper"},
};

// `artifact` before `version` stood under `old` where it now stands under `group`.
struct Move {
  std::string_view artifact, group, version, old;
};

constexpr Move moved[] = {
    {"ant", "org.apache.ant", "1.7", "ant"},
    {"ant-*", "org.apache.ant", "1.7", "ant"},
    {"asm", "org.ow2.asm", "4", "asm"},
    {"asm-*", "org.ow2.asm", "4", "asm"},
    {"aspectj*", "org.aspectj", "1.6", "aspectj"},
    {"batik-*", "org.apache.xmlgraphics", "1.7", "batik"},
    {"commons-email", "org.apache.commons", "1.1", "commons-email"},
    {"dom4j", "org.dom4j", "2", "dom4j"},
    {"freemarker", "org.freemarker", "2.3.10", "freemarker"},
    {"groovy*", "org.apache.groovy", "4-alpha", "org.codehaus.groovy"},
    {"gwt-*", "org.gwtproject", "2.10-alpha", "com.google.gwt"},
    {"hibernate-commons-annotations", "org.hibernate.common", "4", "org.hibernate"},
    {"hibernate-search-*", "org.hibernate.search", "6-alpha", "org.hibernate"},
    {"hibernate-*", "org.hibernate.orm", "6-alpha", "org.hibernate"},
    {"hsqldb", "org.hsqldb", "1.8.1", "hsqldb"},
    {"jdom", "org.jdom", "1.1", "jdom"},
    {"jfreechart", "org.jfree", "1.0.14", "jfree"},
    {"jgroups", "org.jgroups", "2.10", "jgroups"},
    {"jmock*", "org.jmock", "2-alpha", "jmock"},
    {"jna", "net.java.dev.jna", "3.1", "com.sun.jna"},
    {"jython", "org.python", "2.2", "jython"},
    {"nekohtml", "net.sourceforge.nekohtml", "1.9.7", "nekohtml"},
    {"poi*", "org.apache.poi", "3-alpha", "poi"},
    {"postgresql", "org.postgresql", "9.2", "postgresql"},
    {"quartz", "org.quartz-scheduler", "1.6", "quartz"},
    {"quartz*", "org.quartz-scheduler", "1.7", "opensymphony"},
    {"velocity", "org.apache.velocity", "1.5", "velocity"},
};

// `file` in the distribution is `artifact` in the repository. Facts of Tomcat's
// res/maven/mvn-pub.xml and of Cassandra's build.
struct Shipped {
  std::string_view file, artifact;
};

constexpr Shipped tomcat_jars[] = {
    {"annotations-api", "tomcat-annotations-api"},
    {"catalina", "tomcat-catalina"},
    {"catalina-ant", "tomcat-catalina-ant"},
    {"catalina-ha", "tomcat-catalina-ha"},
    {"catalina-ssi", "tomcat-ssi"},
    {"catalina-storeconfig", "tomcat-storeconfig"},
    {"catalina-tribes", "tomcat-tribes"},
    {"el-api", "tomcat-el-api"},
    {"jasper", "tomcat-jasper"},
    {"jasper-el", "tomcat-jasper-el"},
    {"jaspic-api", "tomcat-jaspic-api"},
    {"jsp-api", "tomcat-jsp-api"},
    {"servlet-api", "tomcat-servlet-api"},
    {"websocket-api", "tomcat-websocket-api"},
    {"websocket-client-api", "tomcat-websocket-client-api"},
};

constexpr Shipped cassandra_jars[] = {
    {"apache-cassandra", "cassandra-all"},
    {"apache-cassandra-clientutil", "cassandra-clientutil"},
    {"apache-cassandra-thrift", "cassandra-thrift"},
};

std::string_view shipped_as(std::span<const Shipped> jars, std::string_view file) {
  const auto jar = std::ranges::find(jars, file, &Shipped::file);
  return jar == jars.end() ? std::string_view{} : jar->artifact;
}

constexpr std::string_view tomcat = "org.apache.tomcat";

// The jars of Tomcat say whose they are, in one way or the other; not what they are published as:
// the bundle org.apache.tomcat-embed-jasper-el is tomcat-embed-el.
JavaCoordinates tomcat_jar(const JarManifest& manifest, std::string_view file,
                           std::string_view version) {
  const auto title = manifest["implementation-title"];
  // A part of catalina.jar that is not published. Where it lies, there lies the distribution, whose
  // name is the one that much of what is known of Tomcat is said of.
  if (file == "bootstrap" && title == "Apache Tomcat Bootstrap") return {tomcat, "tomcat"};
  const auto artifact = shipped_as(tomcat_jars, file);
  const bool from_tomcat =
      title == "Apache Tomcat" || manifest["bundle-symbolicname"].starts_with("org.apache.tomcat-");
  const auto order = compare_versions(Scheme::maven, version, "7-alpha");
  if (artifact.empty() || !from_tomcat || !order) return {};
  if (*order >= 0) return {tomcat, artifact};
  // Tomcat 6 was published under the names of its files, but for one.
  return {tomcat, file == "catalina-tribes" ? "tribes" : file};
}

bool covers(std::string_view pattern, std::string_view artifact) {
  if (!pattern.ends_with('*')) return pattern == artifact;
  return artifact.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool lies_in(std::string_view classes, std::string_view package) {
  return package.empty() || classes.empty() || lies_in_package(classes, package);
}

}  // namespace

JavaCoordinates shipped_java_name(const JarFacts& facts, std::string_view file,
                                  std::string_view version) {
  if (const auto found = tomcat_jar(*facts.manifest, file, version); !found.artifact.empty())
    return found;
  constexpr std::string_view cassandra = "org.apache.cassandra";
  const auto artifact = shipped_as(cassandra_jars, file);
  if (!artifact.empty() && lies_in_package(facts.classes, cassandra)) return {cassandra, artifact};
  return {};
}

std::string_view known_java_group(std::string_view artifact, std::string_view classes,
                                  std::string_view version) {
  const auto row = std::ranges::find_if(rows, [&](const Row& r) {
    return covers(r.artifact, artifact) && lies_in(classes, r.classes);
  });
  if (row == std::end(rows)) return {};
  for (const auto& move : moved) {
    if (move.group != row->group || !covers(move.artifact, artifact)) continue;
    const auto order = compare_versions(Scheme::maven, version, move.version);
    if (order && *order < 0) return move.old;
  }
  return row->group;
}

std::string published_as_version(std::string_view group, std::string_view version) {
  const bool digits = std::ranges::all_of(version, is_digit);
  if (group == "org.bouncycastle" && digits && version.size() == 3 && version[0] == '1')
    return "1." + std::string(version.substr(1));
  const auto parts = split(version, '.');
  const auto third = parts.size() >= 3 ? parse_u64(parts[2]) : std::nullopt;
  constexpr std::uint64_t point_releases = 1'000'000;
  if (group == "org.apache.derby" && third && *third >= point_releases) {
    return std::string(parts[0]) + '.' + std::string(parts[1]) + '.' +
           std::to_string(*third / point_releases) + '.' + std::to_string(*third % point_releases);
  }
  return std::string(version);
}

}  // namespace boltseal
