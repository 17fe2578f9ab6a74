package dev.iobus.backend;

/// `st_mode` of inode(7): what a file is, and who may do what with it.
public final class ModeBits {

  public static final int S_IFMT = 0xf000;
  public static final int S_IFSOCK = 0xc000;
  public static final int S_IFREG = 0x8000;
  public static final int S_IFDIR = 0x4000;
  public static final int S_IFIFO = 0x1000;

  /// The permissions: rwx for owner, group and others, and the three bits above them.
  public static final int PERMISSIONS = 0xfff;

  private ModeBits() {}
}
