// Which columns each kind of file has, in order, and what they are called. The users', departments' and memberships' files are Kintone's, documented
// at get.kintone.help ("File Format for User Information", "…for Departments", "…to Which Users Belong"); the leaves' file is ours.

import { foldCase } from '#directory/identifiers.ts';

export const importKinds = ['users', 'departments', 'memberships', 'leaves'] as const;
export type ImportKind = (typeof importKinds)[number];
export type Preset = 'furlough' | 'kintone';
export type FileLanguage = 'en' | 'ja';

export interface Column {
  readonly key: string;
  readonly en: string;
  readonly ja: string;
}

const column = (key: string, en: string, ja: string): Column => ({ key, en, ja });

const login = column('login', 'Login Name', 'ログイン名');
const users: readonly Column[] = [
  login,
  column('displayName', 'Display Name', '表示名'),
  column('newLogin', 'New Login Name', '新ログイン名'),
  column('password', 'Password', 'パスワード'),
  column('surname', 'Surname', '姓'),
  column('givenName', 'Given Name', '名'),
  column('phoneticSurname', 'Phonetic Surname', 'よみがな(姓)'),
  column('phoneticGivenName', 'Phonetic Given Name', 'よみがな(名)'),
  column('localizedName', 'Localized Name', '別言語での表示名'),
  column('localizedLanguage', 'Language for Localized Name', '別言語の名前を表示する言語'),
  column('email', 'E-mail Address', 'メールアドレス'),
  column('status', 'Status', '使用状態'),
  column('language', 'Language', '言語'),
  column('timeZone', 'Time Zone', 'タイムゾーン'),
  column('phone', 'Phone', '電話番号'),
  column('extension', 'Extension', '内線'),
  column('mobile', 'Mobile Phone', '携帯電話'),
  column('url', 'URL', 'URL'),
  column('employeeId', 'Employee ID', '従業員ID'),
  column('hireDate', 'Hire Date', '入社日'),
  column('birthday', 'Birthday', '誕生日'),
  column('aboutMe', 'About Me', 'コメント'),
  column('displayOrder', 'Display Order', '表示優先度'),
  column('skype', 'Skype Name', 'Skype名'),
  column('delete', 'Delete', '削除'),
];

const code = column('code', 'Department Code', '組織コード');
const name = column('name', 'Display Name', '表示名');
const newCode = column('newCode', 'New Department Code', '新組織コード');
const parent = column('parent', 'Parent Department Code', '親組織コード');
const departments: readonly Column[] = [
  code,
  name,
  newCode,
  parent,
  column('displayOrder', 'Display Order', '表示優先度'),
];
const kintoneDepartments: readonly Column[] = [
  code,
  name,
  newCode,
  column('localizedName', 'Localized Name', '別言語での表示名'),
  column('localizedLanguage', 'Language for Localized Name', '別言語の名前を表示する言語'),
  parent,
  column('description', 'Description', '説明'),
];

const leaves: readonly Column[] = [
  login,
  column('type', 'Type', '種類'),
  column('from', 'From', '開始日'),
  column('until', 'Return Date', '復職予定日'),
  column('returnHour', 'Return Hour', '復職時刻'),
  column('seat', 'Seat', '契約ユーザー数'),
  column('note', 'Note', 'メモ'),
  column('delete', 'Delete', '削除'),
];

/** The columns of a file without a header, in order. Memberships go on with pairs of code and job title. */
export function columnsOf(kind: ImportKind, preset: Preset): readonly Column[] {
  switch (kind) {
    case 'users':
      return users;
    case 'departments':
      return preset === 'kintone' ? kintoneDepartments : departments;
    case 'memberships':
      return [login];
    case 'leaves':
      return leaves;
    default:
      return kind satisfies never;
  }
}

/** The key that a row is known by: two rows with the same are one too many. */
export function mainColumnOf(kind: ImportKind): string {
  return kind === 'departments' ? 'code' : 'login';
}

const others: Readonly<Record<string, string>> = {
  'e-mail': 'email',
  mobile: 'mobile',
  'phonetic surname': 'phoneticSurname',
  until: 'until',
  'first day back': 'until',
};

function labelOf(text: string): string {
  return foldCase(text.normalize('NFKC').trim()).replaceAll(/\s+/g, ' ');
}

/** The key of a column by its name in either language, or undefined. */
export function columnNamed(kind: ImportKind, preset: Preset, text: string): string | undefined {
  const wanted = labelOf(text);
  const own = columnsOf(kind, preset).find(({ en, ja, key }) =>
    [en, ja, key].some((known) => labelOf(known) === wanted),
  );
  if (own !== undefined) return own.key;
  const other = Object.hasOwn(others, wanted) ? others[wanted] : undefined;
  return columnsOf(kind, preset).some(({ key }) => key === other) ? other : undefined;
}
