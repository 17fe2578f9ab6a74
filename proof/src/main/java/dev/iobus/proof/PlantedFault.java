package dev.iobus.proof;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;

/// One mistake that somebody might make in one method. Immutable.
///
/// @param name the mistake, in a few words
/// @param className the class, with its package; nested as `Outer$Inner`
/// @param method its method; all of that name
/// @param change what is done there
/// @param places how many instructions that changes: exactly so many, so that a fault whose method
///     has changed is noticed
public record PlantedFault(
    String name, String className, String method, CodeChange change, int places) {

  /// A fault in one place.
  public PlantedFault(String name, String className, String method, CodeChange change) {
    this(name, className, method, change, 1);
  }

  /// The class with the fault.
  ///
  /// @param original its byte code
  /// @throws IllegalStateException when it has no such method, or that has not as many places for
  ///     the change as it should have
  byte[] plant(byte[] original) {
    ClassFile format = ClassFile.of();
    ClassModel model = format.parse(original);
    int[] methods = {0};
    int[] changed = {0};
    CodeTransform code =
        (builder, element) -> {
          if (change.replace(builder, element)) {
            changed[0]++;
          } else {
            builder.with(element);
          }
        };
    byte[] result =
        format.transformClass(
            model,
            (builder, element) -> {
              if (element instanceof MethodModel candidate
                  && candidate.methodName().equalsString(method)) {
                methods[0]++;
                builder.transformMethod(candidate, MethodTransform.transformingCode(code));
              } else {
                builder.with(element);
              }
            });
    if (methods[0] == 0) {
      throw new IllegalStateException(
          "'" + name + "' has nowhere to go: " + className + " has no method " + method);
    }
    if (changed[0] != places) {
      throw new IllegalStateException(
          "'%s' changes %d places of %s.%s, not %d: the method is another than it was made for"
              .formatted(name, changed[0], className, method, places));
    }
    return result;
  }
}
