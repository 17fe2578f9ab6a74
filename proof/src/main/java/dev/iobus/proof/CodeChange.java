package dev.iobus.proof;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/// What is done to the instructions of a method. Stateless.
///
/// Classes are named as in source, with their package; those that are nested as `Outer$Inner`.
@FunctionalInterface
public interface CodeChange {

  /// Puts something else in the place of an instruction.
  ///
  /// @return false when it leaves the instruction alone and has written nothing
  boolean replace(CodeBuilder code, CodeElement instruction);

  /// Calls of a method are left out; where a result is used it is 0, false or null.
  ///
  /// @param owner the class that the call names
  static CodeChange withoutCallsOf(String owner, String method) {
    return (code, element) -> {
      if (!(element instanceof InvokeInstruction call) || !isCallOf(call, owner, method)) {
        return false;
      }
      popArguments(code, call);
      TypeKind result = TypeKind.from(call.typeSymbol().returnType());
      switch (result) {
        case VOID -> {}
        case REFERENCE -> code.aconst_null();
        case LONG -> code.lconst_0();
        case DOUBLE -> code.dconst_0();
        case FLOAT -> code.fconst_0();
        default -> code.iconst_0();
      }
      return true;
    };
  }

  /// A call that returns a boolean or an int is left out, and this is what it would have returned.
  static CodeChange resultOf(String owner, String method, int result) {
    return (code, element) -> {
      if (!(element instanceof InvokeInstruction call) || !isCallOf(call, owner, method)) {
        return false;
      }
      popArguments(code, call);
      code.loadConstant(result);
      return true;
    };
  }

  /// Another method is called in the place of the one named: static, with the same parameters, the
  /// receiver before them, and the same result.
  ///
  /// @param otherOwner a class that the changed one may use
  static CodeChange callingInstead(
      String owner, String method, String otherOwner, String otherMethod) {
    return (code, element) -> {
      if (!(element instanceof InvokeInstruction call) || !isCallOf(call, owner, method)) {
        return false;
      }
      MethodTypeDesc type = call.typeSymbol();
      if (call.opcode() != Opcode.INVOKESTATIC) {
        type = type.insertParameterTypes(0, call.owner().asSymbol());
      }
      code.invokestatic(ClassDesc.of(otherOwner), otherMethod, type);
      return true;
    };
  }

  /// Another method of the same class and type is called in the place of the one named.
  static CodeChange callingInstead(String owner, String method, String otherMethod) {
    return (code, element) -> {
      if (!(element instanceof InvokeInstruction call) || !isCallOf(call, owner, method)) {
        return false;
      }
      code.invoke(
          call.opcode(),
          call.owner().asSymbol(),
          otherMethod,
          call.typeSymbol(),
          call.isInterface());
      return true;
    };
  }

  /// A boolean or int field that is read has this value.
  static CodeChange fieldIs(String owner, String field, int value) {
    return (code, element) -> {
      if (!(element instanceof FieldInstruction read)
          || read.opcode() != Opcode.GETFIELD
          || !isField(read, owner, field)) {
        return false;
      }
      code.pop().loadConstant(value);
      return true;
    };
  }

  /// Another field of the same class and type is read in the place of the one named.
  static CodeChange readingInstead(String owner, String field, String otherField) {
    return (code, element) -> {
      if (!(element instanceof FieldInstruction read)
          || (read.opcode() != Opcode.GETFIELD && read.opcode() != Opcode.GETSTATIC)
          || !isField(read, owner, field)) {
        return false;
      }
      code.fieldAccess(
          read.opcode(), read.owner().asSymbol(), otherField, read.typeSymbol());
      return true;
    };
  }

  /// Comparisons of two longs say that they are equal.
  static CodeChange longsAreEqual() {
    return (code, element) -> {
      if (!(element instanceof OperatorInstruction operator)
          || operator.opcode() != Opcode.LCMP) {
        return false;
      }
      code.pop2().pop2().iconst_0();
      return true;
    };
  }

  /// A long constant has another value.
  static CodeChange longConstant(long value, long otherValue) {
    return (code, element) -> {
      if (!(element instanceof ConstantInstruction constant)
          || !constant.constantValue().equals(value)) {
        return false;
      }
      code.loadConstant(otherValue);
      return true;
    };
  }

  private static boolean isCallOf(InvokeInstruction call, String owner, String method) {
    return call.name().equalsString(method)
        && call.owner().asInternalName().equals(owner.replace('.', '/'));
  }

  private static boolean isField(FieldInstruction access, String owner, String field) {
    return access.name().equalsString(field)
        && access.owner().asInternalName().equals(owner.replace('.', '/'));
  }

  private static void popArguments(CodeBuilder code, InvokeInstruction call) {
    MethodTypeDesc type = call.typeSymbol();
    for (int i = type.parameterCount() - 1; i >= 0; i--) {
      if (TypeKind.from(type.parameterType(i)).slotSize() == 2) {
        code.pop2();
      } else {
        code.pop();
      }
    }
    if (call.opcode() != Opcode.INVOKESTATIC) {
      code.pop();
    }
  }
}
